/**
 * Our core through its flat ABI, called as src/core.ts calls it: an exchange is opened, the octets of the read are copied
 * into the input area, and the records of one call are read. `strings` adds what src/core.ts and src/wire-fields.ts do to
 * hand out text: table and head become one string, every name and value is cut from it.
 */
import { readFileSync } from 'node:fs';
import { fieldsOfPairs } from '../fields.mjs';

const LIMITS = [65536, 256, 16];
const HEAD_AND_END = 2;

export async function open({ head, fields, core, build }, { strings }) {
  const abi = await import(new URL('assembly/abi.js', build));
  const { wireName, wireValue } = await import(new URL('src/wire-fields.js', build));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(core)), {});
  const input = exports.inputOffset();
  const events = exports.eventsOffset() >>> 2;
  const handle = exports.connectionCreate(abi.PROTOCOL_HTTP_1_1, abi.ROLE_CLIENT, ...LIMITS);
  const octets = new Uint8Array(exports.memory.buffer);
  const words = new Uint32Array(exports.memory.buffer);
  const buffer = Buffer.allocUnsafeSlow(abi.INPUT_OCTETS);
  const length = buffer.write(head, 'latin1');
  const { latin1Slice } = Buffer.prototype;
  const texts = new Array(fields * 2);

  const parse = () => {
    exports.connectionOpen(handle, abi.OPEN_END_STREAM);
    octets.set(buffer.subarray(0, length), input);
    const records = exports.connectionReceive(handle, 0, length);
    if (records !== HEAD_AND_END || words[events] !== abi.KIND_HEAD || words[events + 6] !== fields) {
      throw new Error(`Cannot count a head: ${records} records, ${words[events + 6]} fields`);
    }
  };
  const text = () => {
    const at = words[events + 3];
    return latin1Slice.call(octets, at, at + words[events + 4]);
  };
  const cut = () => {
    const all = text();
    for (let index = 0; index < fields; index++) {
      texts[index * 2] = wireName(all, fields, index);
      texts[index * 2 + 1] = wireValue(all, fields, index);
    }
  };

  return {
    run(count) {
      for (let left = count; left > 0; left--) {
        parse();
        if (strings) cut();
      }
    },
    found() {
      parse();
      cut();
      const all = text();
      if (all.slice(-length) !== head) throw new Error('Cannot count a head: the core hands out other octets');
      return fieldsOfPairs(texts);
    },
  };
}
