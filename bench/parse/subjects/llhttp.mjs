/** llhttp, the module that the pinned undici carries, with empty callbacks: what the parser itself costs in WebAssembly. */
import { createRequire } from 'node:module';
import { fieldsOfPairs } from '../fields.mjs';

const require = createRequire(import.meta.url);
const { ERROR, TYPE } = require('undici/lib/llhttp/constants.js');

const PAGE = 4096;
const NAMES = [
  'url',
  'status',
  'message_begin',
  'header_field',
  'header_value',
  'headers_complete',
  'body',
  'message_complete',
];
const module = new WebAssembly.Module(require('undici/lib/llhttp/llhttp_simd-wasm.js'));

/** A parser of responses, which octets are handed to as undici does it. */
export class Parser {
  #exports;
  #pointer;
  #size = 0;
  #view = new Uint8Array(0);
  /** Address of the octets being parsed. */
  at = 0;

  /** @param callbacksOf gives those that are not empty, for this parser */
  constructor(callbacksOf) {
    const callbacks = callbacksOf(this);
    const env = Object.fromEntries(NAMES.map((name) => [`wasm_on_${name}`, callbacks[name] ?? (() => 0)]));
    this.#exports = new WebAssembly.Instance(module, { env }).exports;
    this.#pointer = this.#exports.llhttp_alloc(TYPE.RESPONSE);
  }

  execute(octets) {
    const exports = this.#exports;
    if (octets.length > this.#size) {
      if (this.at !== 0) exports.free(this.at);
      this.#size = Math.ceil(octets.length / PAGE) * PAGE;
      this.at = exports.malloc(this.#size);
    }
    if (this.#view.buffer !== exports.memory.buffer || this.#view.length !== this.#size) {
      this.#view = new Uint8Array(exports.memory.buffer, this.at, this.#size);
    }
    this.#view.set(octets);
    const answer = exports.llhttp_execute(this.#pointer, this.at, octets.length);
    if (answer !== ERROR.OK) throw new Error(`Cannot count a head: llhttp answers ${answer}`);
  }
}

export async function open({ head }) {
  const octets = Buffer.from(head, 'latin1');
  const parser = new Parser(() => ({}));
  return {
    run(count) {
      for (let left = count; left > 0; left--) parser.execute(octets);
    },
    /** Empty callbacks cannot tell: a second parser of the same module has some that note what comes. */
    found() {
      const texts = [];
      const note = (one) => (_pointer, at, length) => {
        texts.push(octets.latin1Slice(at - one.at, at - one.at + length));
        return 0;
      };
      new Parser((one) => ({ header_field: note(one), header_value: note(one) })).execute(octets);
      return fieldsOfPairs(texts);
    },
  };
}
