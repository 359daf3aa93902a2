// The protocol core of httpx-wasm in JavaScript, through jco: a response that comes in pieces is read, an HPACK block and a zstd
// body are decoded. `node main.mjs folder`, where the folder is what `jco transpile --instantiation sync` made; the same with
// Deno and Bun.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const RESPONSE =
  'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n' +
  '6\r\nHello,\r\n7\r\n world!\r\n0\r\nServer-Timing: total\r\n\r\n';
const PIECE_OCTETS = 7;
/** A request of RFC 7541 §C.4.1. */
const FIELD_BLOCK = '828684418cf1e3c2e5f23a6ba0ab90f4ff';
/** `to and fro, ` a hundred times, by zstd. */
const ZSTD = '28b52ffd64b0039d000060746f20616e642066726f2c200100a1fc2f4936ff5498';

const octetsOf = (text) => new TextEncoder().encode(text);
const ofHex = (hex) => Uint8Array.from(hex.match(/../g), (pair) => Number.parseInt(pair, 16));
/** Octets of a head, as what they mostly are; they need not be UTF-8. */
const textOf = (octets) => new TextDecoder().decode(octets);
const printFields = (fields) => {
  for (const { name, value } of fields) console.log(`  ${textOf(name)}: ${textOf(value)}`);
};

/** Reads the response as it comes, piece by piece. */
function readResponse({ Connection }) {
  const connection = new Connection('http1', { octets: 65536, fields: 256, interim: 16 });
  const fields = [{ name: octetsOf('Host'), value: octetsOf('example.org') }];
  connection.open({ method: octetsOf('GET'), target: octetsOf('/'), scheme: 'http', fields, isComplete: true });
  console.log(`request: ${textOf(connection.takeOutput()).trimEnd().replaceAll('\r\n', ' | ')}`);
  const response = octetsOf(RESPONSE);
  let content = '';
  for (let at = 0; at < response.length; at += PIECE_OCTETS) {
    for (const { tag, val } of connection.receive(response.subarray(at, at + PIECE_OCTETS), 0)) {
      if (tag === 'head') {
        console.log(`response: ${val.status} ${textOf(val.reason)}`);
        printFields(val.fields);
      } else if (tag === 'data') {
        content += textOf(val.octets);
      } else if (tag === 'end') {
        console.log(`content: ${content}`);
        printFields(val.trailers);
      } else if (tag === 'error') {
        throw new Error(`Cannot read the response: ${val.fault.rule}`);
      }
    }
  }
  connection[Symbol.dispose]();
}

/** Decodes a field block of HTTP/2; a fault would be thrown. */
function decodeFields({ FieldDecoder }) {
  const decoder = new FieldDecoder({ tableOctets: 4096, listOctets: 65536, fields: 256 });
  console.log('HPACK:');
  printFields(decoder.decode(ofHex(FIELD_BLOCK)));
  decoder[Symbol.dispose]();
}

/** Decodes a body: what is not taken is given again. */
function decodeContent({ ContentDecoder }) {
  const decoder = new ContentDecoder('zstd', { octets: 1_000_000n });
  const body = ofHex(ZSTD);
  let content = '';
  let taken = 0;
  let progress;
  do {
    const decoded = decoder.decode(body.subarray(taken));
    content += textOf(decoded.octets);
    taken += decoded.taken;
    progress = decoded.progress;
    if (progress.tag === 'broken') throw new Error(`Cannot decode: ${progress.val.rule}`);
  } while (progress.tag === 'has-output');
  decoder.end();
  console.log(`zstd: ${content.length} octets, ${content.slice(0, 10)}…`);
  decoder[Symbol.dispose]();
}

const folder = resolve(process.argv[2] ?? 'component');
const { instantiate } = await import(pathToFileURL(join(folder, 'http-core.js')).href);
const core = instantiate((path) => new WebAssembly.Module(readFileSync(join(folder, path))), {});
readResponse(core.connections);
decodeFields(core.hpack);
decodeContent(core.codings);
console.log(`live octets: ${core.memory.liveOctets()}`);
