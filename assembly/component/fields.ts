/**
 * `interface hpack` of wasm/http-core.wit over the core's calls (hpack/calls.ts). A decoder or encoder is their handle, 0 where
 * there was no memory, which says just that.
 *
 *   hpack-field | list name | list value | u8 is-never-indexed | . . . |
 */
import {
  HPACK_ENTRY_ID,
  HPACK_ENTRY_NAME,
  HPACK_ENTRY_NAME_LENGTH,
  HPACK_ENTRY_OCTETS,
  HPACK_ENTRY_VALUE,
  HPACK_ENTRY_VALUE_LENGTH,
  HPACK_FIELD_OCTETS,
  HPACK_NEVER_INDEXED,
  INPUT_OCTETS,
  NONE,
  RULE_H2_BLOCK_OCTETS,
  RULE_HPACK_LIST_OCTETS,
  RULE_MEMORY,
} from '../abi';
import { hpackDecode, hpackEncode } from '../hpack/calls';
import { EVENTS, INPUT } from '../memory';
import { take } from './arena';
import { broken, LIST_OCTETS, storeList, wellList } from './values';

const FIELD_OCTETS: usize = 2 * LIST_OCTETS + 4;

/** Decodes a field block: a result, its fields or a fault. */
export function decodeBlock(handle: u32, block: usize, length: usize): usize {
  if (length > <usize>INPUT_OCTETS) return broken(RULE_H2_BLOCK_OCTETS, INPUT_OCTETS);
  memory.copy(INPUT, block, length);
  const rule = hpackDecode(handle, 0, <u32>length);
  if (rule) return broken(rule, NONE);
  // What the record of fields points to stays until the next call of the core, which is after these were read.
  const octets: usize = load<u32>(EVENTS, 12);
  const entries: usize = load<u32>(EVENTS, 20);
  const count = load<u32>(EVENTS, 24);
  const fields = take(count * FIELD_OCTETS);
  if (!fields) return broken(RULE_MEMORY, NONE);
  for (let i: u32 = 0; i < count; i++) {
    const entry = entries + i * HPACK_ENTRY_OCTETS;
    const field = fields + i * FIELD_OCTETS;
    storeList(field, octets + load<u32>(entry, HPACK_ENTRY_NAME), load<u32>(entry, HPACK_ENTRY_NAME_LENGTH));
    storeList(
      field + LIST_OCTETS,
      octets + load<u32>(entry, HPACK_ENTRY_VALUE),
      load<u32>(entry, HPACK_ENTRY_VALUE_LENGTH),
    );
    store<u8>(field + 2 * LIST_OCTETS, load<u32>(entry, HPACK_ENTRY_ID) & HPACK_NEVER_INDEXED ? 1 : 0);
  }
  return wellList(fields, count);
}

/** Encodes a field list: a result, its block or a fault. */
export function encodeFields(handle: u32, fields: usize, count: u32): usize {
  let octets: u64 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const field = fields + i * FIELD_OCTETS;
    octets += <u64>load<u32>(field, 4) + <u64>load<u32>(field, 12);
  }
  const heads = (octets + 3) & ~3;
  if (heads + <u64>count * HPACK_FIELD_OCTETS > <u64>INPUT_OCTETS) return broken(RULE_HPACK_LIST_OCTETS, INPUT_OCTETS);
  let at = INPUT;
  for (let i: u32 = 0; i < count; i++) {
    const field = fields + i * FIELD_OCTETS;
    const head = INPUT + <usize>heads + i * HPACK_FIELD_OCTETS;
    for (let part = field; part < field + 2 * LIST_OCTETS; part += LIST_OCTETS) {
      memory.copy(at, load<u32>(part), load<u32>(part, 4));
      at += load<u32>(part, 4);
    }
    store<u32>(head, load<u32>(field, 4));
    store<u32>(head, load<u32>(field, 12), 4);
    store<u32>(head, load<u8>(field, 16) ? HPACK_NEVER_INDEXED : 0, 8);
  }
  const rule = hpackEncode(handle, count, <u32>octets);
  if (rule) return broken(rule, NONE);
  return wellList(load<u32>(EVENTS, 12), load<u32>(EVENTS, 16));
}
