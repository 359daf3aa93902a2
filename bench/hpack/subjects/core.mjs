/**
 * Our core through its flat ABI: a block is copied into the input area and its record read; a list that was laid out before
 * is copied in and becomes a block there. No strings are made, as in the C program.
 */
import { readFileSync } from 'node:fs';

const TABLE_OCTETS = 4096;
const LIST_OCTETS_MAX = 65536;
const FIELDS_MAX = 256;

export async function open({ core, build }) {
  const abi = await import(new URL('assembly/abi.js', build));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(core)), {});
  const input = exports.inputOffset();
  const events = exports.eventsOffset() >>> 2;
  let octets = new Uint8Array(exports.memory.buffer);
  let words = new Uint32Array(exports.memory.buffer);
  const put = (given) => {
    if (octets.length === 0) {
      octets = new Uint8Array(exports.memory.buffer);
      words = new Uint32Array(exports.memory.buffer);
    }
    octets.set(given, input);
  };
  const text = (at, length) => Buffer.from(octets.buffer, at, length).toString('latin1');

  const decoderOf = () => {
    const handle = exports.hpackDecoderCreate(TABLE_OCTETS, LIST_OCTETS_MAX, FIELDS_MAX);
    const count = (block) => {
      put(block);
      return exports.hpackDecode(handle, 0, block.length) === 0 ? words[events + 6] : -1;
    };
    const fields = (block) =>
      Array.from({ length: count(block) }, (_, index) => {
        const base = words[events + 3];
        const entry = (words[events + 5] + index * abi.HPACK_ENTRY_OCTETS) >>> 2;
        return [text(base + words[entry], words[entry + 1]), text(base + words[entry + 2], words[entry + 3])];
      });
    return { count, fields };
  };

  const listOf = (list) => {
    const heads = list.map(([name, value]) => {
      const head = Buffer.alloc(abi.HPACK_FIELD_OCTETS);
      head.writeUInt32LE(name.length, 0);
      head.writeUInt32LE(value.length, 4);
      return head;
    });
    const text = Buffer.from(list.flat().join(''), 'latin1');
    const gap = Buffer.alloc((4 - (text.length % 4)) % 4);
    return { count: list.length, length: text.length, laidOut: Uint8Array.from(Buffer.concat([text, gap, ...heads])) };
  };
  const encoderOf = () => {
    const handle = exports.hpackEncoderCreate(TABLE_OCTETS);
    const size = ({ count, length, laidOut }) => {
      put(laidOut);
      return exports.hpackEncode(handle, count, length) === 0 ? words[events + 4] : -1;
    };
    const encode = (list) => {
      const length = size(list);
      return octets.slice(words[events + 3], words[events + 3] + length);
    };
    return { size, encode };
  };
  return { decoderOf, listOf, encoderOf };
}
