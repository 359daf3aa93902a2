// From a module of the core to JavaScript that does the same, for hosts without WebAssembly (QuickJS): binaryen's wasm2js, and
// what that leaves open. Memory that grows is a new ArrayBuffer, and the old one stays as it was: who has views of it is told.
// Growth that is refused, by the host or by the module's own limit, is an answer as it is in WebAssembly, where wasm2js would
// throw, or say that there is memory. Everything is inside one function: each call of it makes an instance.
// An access that says it is aligned must be: it would otherwise read its neighbours without a word (test/core/script.test.ts).
import binaryen from 'assemblyscript/binaryen';

/** What the build may use: wasm2js has no more. */
const FEATURES = binaryen.Features.MutableGlobals | binaryen.Features.BulkMemory | binaryen.Features.BulkMemoryOpt;
/** Addresses are signed 32-bit numbers in JavaScript. */
const PAGES_MAX = 32767;

const GROW = / function __wasm_memory_grow\(pagesToAdd\) \{\n[\s\S]*?\n \}\n/;
const END = /^var retasmFunc = [\s\S]*$/m;

/** Text with what `pattern` finds, which must be there once, made `replacement`. */
function replaced(text, pattern, replacement) {
  const parts = text.split(pattern);
  if (parts.length !== 2) throw new Error(`Cannot convert the core: ${pattern} is there ${parts.length - 1} times`);
  return parts.join(replacement);
}

const growth = (pagesMax) => `function __wasm_memory_grow(pagesToAdd) {
var oldPages = __wasm_memory_size();
var newPages = oldPages + (pagesToAdd >>> 0);
if (newPages > ${pagesMax}) return -1;
var newBuffer;
try { newBuffer = new ArrayBuffer(newPages * 65536); } catch { return -1; }
new Uint8Array(newBuffer).set(HEAPU8);
var oldBuffer = buffer;
buffer = newBuffer;
HEAP8 = new Int8Array(buffer);
HEAP16 = new Int16Array(buffer);
HEAP32 = new Int32Array(buffer);
HEAPU8 = new Uint8Array(buffer);
HEAPU16 = new Uint16Array(buffer);
HEAPU32 = new Uint32Array(buffer);
HEAPF32 = new Float32Array(buffer);
HEAPF64 = new Float64Array(buffer);
bufferView = HEAPU8;
grown(oldBuffer);
return oldPages;
}
`;

/**
 * The octets of a module as the text of an ES module that exports `instantiate(grown)`: a new instance's exports; `grown` is
 * called with the old buffer whenever its memory has become another. `pagesMax`: the module's own limit.
 */
export function scriptOf(octets, pagesMax) {
  const module = binaryen.readBinary(octets);
  module.setFeatures(FEATURES);
  binaryen.setOptimizeLevel(2);
  binaryen.setShrinkLevel(1);
  const text = module.emitAsmjs();
  module.dispose();
  const own = replaced(text, GROW, growth(Math.min(pagesMax, PAGES_MAX)));
  const body = replaced(own, END, 'return asmFunc({});').replace(/^ +/gm, '').trim();
  return `// Made of the core by wasm2js (wasm/script.mjs).\nexport function instantiate(grown) {\n${body}\n}\n`;
}
