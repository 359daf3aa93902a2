/**
 * HPACK without a connection: the calls of the flat ABI. A handle is a decoder with the section that its last block left, or
 * an encoder with the block that its last list became. Each leaves one record, valid with what it points to until the next
 * call of any kind. Handle 0 is what is answered without memory, and says just that.
 */
import {
  HPACK_FIELD_OCTETS,
  HPACK_FIELD_OVERHEAD_OCTETS,
  HPACK_ID_MASK,
  HPACK_STATIC_ENTRIES,
  INPUT_OCTETS,
  KIND_FIELDS,
  KIND_FIELD_BLOCK,
  NONE,
  RULE_HPACK_INDEX,
  RULE_MEMORY,
} from '../abi';
import { clear, emit } from '../event';
import { INPUT, allocate, isLive, release, resize } from '../memory';
import { decodeBlock, decoderAllow, decoderFree, decoderNew } from './decoder';
import {
  ENCODED_OVERHEAD_OCTETS,
  encodeEntry,
  encodeField,
  encodedEntry,
  encoderAllow,
  encoderFree,
  encoderNew,
  keepsEntries,
} from './encoder';
import { Section, sectionFree, sectionNew } from './section';

const BLOCK_FIRST: usize = 1024;

@unmanaged
class Coder {
  /** Decoder or encoder. */
  inner: usize;
  /** Decoder: the section. Encoder: the block, and how many octets it has room for. */
  result: usize;
  room: usize;
}

function coderOf(handle: u32): Coder {
  assert(isLive(handle), 'coderOf: no HPACK decoder or encoder');
  return changetype<Coder>(handle);
}

/**
 * A decoder and its section; 0 without memory. `tableOctets`: as `decoderNew` takes them. `listOctetsMax`, `fieldsMax`:
 * limits on one field list, its octets counted as in RFC 9113 §6.5.2.
 */
export function hpackDecoderCreate(tableOctets: u32, listOctetsMax: u32, fieldsMax: u32): u32 {
  const at = allocate(offsetof<Coder>());
  const inner = at ? decoderNew(tableOctets) : 0;
  const section = inner ? sectionNew(listOctetsMax, fieldsMax, 0) : 0;
  if (!section) {
    if (inner) decoderFree(inner);
    if (at) release(at);
    return 0;
  }
  const c = changetype<Coder>(at);
  c.inner = inner;
  c.result = section;
  return <u32>at;
}

/** See `decoderAllow`. */
export function hpackDecoderAllow(handle: u32, tableOctets: u32): void {
  if (handle) decoderAllow(coderOf(handle).inner, tableOctets);
}

/** Decodes the field block [from, to) of the input area and leaves one KIND_FIELDS record. 0, or as `decodeBlock` says. */
export function hpackDecode(handle: u32, from: u32, to: u32): u32 {
  assert(from <= to && to <= <u32>INPUT_OCTETS, 'hpackDecode: not in the input area');
  clear();
  if (!handle) {
    emit(KIND_FIELDS, RULE_MEMORY, 0, 0, 0, 0, 0, 0);
    return RULE_MEMORY;
  }
  const c = coderOf(handle);
  const rule = decodeBlock(c.inner, INPUT + from, INPUT + to, c.result);
  const s = changetype<Section>(c.result);
  emit(KIND_FIELDS, rule, 0, <u32>s.octets, <u32>(s.next - s.octets), <u32>s.entries, s.count, s.listOctets);
  return rule;
}

export function hpackDecoderFree(handle: u32): void {
  if (!handle) return;
  const c = coderOf(handle);
  decoderFree(c.inner);
  sectionFree(c.result);
  release(handle);
}

/** An encoder and its block; 0 without memory. `tableOctets`: as `encoderNew` takes them. */
export function hpackEncoderCreate(tableOctets: u32): u32 {
  const at = allocate(offsetof<Coder>());
  const inner = at ? encoderNew(tableOctets) : 0;
  const block = inner ? allocate(BLOCK_FIRST) : 0;
  if (!block) {
    if (inner) encoderFree(inner);
    if (at) release(at);
    return 0;
  }
  const c = changetype<Coder>(at);
  c.inner = inner;
  c.result = block;
  c.room = BLOCK_FIRST;
  return <u32>at;
}

/** See `encoderAllow`. */
export function hpackEncoderAllow(handle: u32, tableOctets: u32): void {
  if (handle) encoderAllow(coderOf(handle).inner, tableOctets);
}

/**
 * Encodes the fields, `count` of them, whose names and values are the first `octets` octets of the input area (abi.ts,
 * HPACK_FIELD_OCTETS), and leaves one KIND_FIELD_BLOCK record, and there which entries they are. 0; or, and nothing was
 * encoded, RULE_MEMORY, or RULE_HPACK_INDEX: of those given by an id one is not in the tables, or might not be when it is its turn.
 */
export function hpackEncode(handle: u32, count: u32, octets: u32): u32 {
  const heads = INPUT + ((octets + 3) & ~3);
  const headsEnd = heads + count * HPACK_FIELD_OCTETS;
  assert(octets <= <u32>INPUT_OCTETS && headsEnd <= INPUT + INPUT_OCTETS, 'hpackEncode: not in the input area');
  clear();
  if (!handle) return refuse(RULE_MEMORY);
  const c = coderOf(handle);
  if (!hasEntries(c.inner, heads, headsEnd, octets)) return refuse(RULE_HPACK_INDEX);
  const most = count * ENCODED_OVERHEAD_OCTETS + octets;
  if (most > c.room) {
    const block = resize(c.result, 0, most);
    if (!block) return refuse(RULE_MEMORY);
    c.result = block;
    c.room = most;
  }
  let out = c.result;
  let name = INPUT;
  for (let head = heads; head < headsEnd; head += HPACK_FIELD_OCTETS) {
    const id = load<u32>(head, 8);
    if (isEntry(id)) {
      out = encodeEntry(c.inner, id, out);
      continue;
    }
    const value = name + load<u32>(head); // SAFE: the host lays out `count` whole fields
    const valueEnd = value + load<u32>(head, 4);
    assert(value >= name && valueEnd >= value && valueEnd <= INPUT + octets, 'hpackEncode: a field beyond the input');
    out = encodeField(c.inner, name, value, value, valueEnd, id, out);
    store<u32>(head, encodedEntry(c.inner), 8);
    name = valueEnd;
  }
  emit(KIND_FIELD_BLOCK, 0, 0, <u32>c.result, <u32>(out - c.result), NONE, NONE, NONE);
  return 0;
}

/** Whether the last word of a field to be encoded is an id, and no flag. */
function isEntry(word: u32): bool {
  return word - 1 < <u32>HPACK_ID_MASK;
}

/** Whether all entries that are given by ids are there, whatever of the rest, of so many octets, is inserted before them. */
function hasEntries(encoder: usize, heads: usize, headsEnd: usize, octets: u32): bool {
  let oldest = <u32>HPACK_ID_MASK;
  let newest: u32 = 0;
  for (let head = heads; head < headsEnd; head += HPACK_FIELD_OCTETS) {
    const id = load<u32>(head, 8); // SAFE: the host lays out `count` whole fields
    if (!isEntry(id)) octets += HPACK_FIELD_OVERHEAD_OCTETS;
    else if (id > <u32>HPACK_STATIC_ENTRIES) {
      oldest = min(oldest, id);
      newest = max(newest, id);
    }
  }
  return !newest || keepsEntries(encoder, oldest, newest, octets);
}

/** Nothing was encoded. */
function refuse(rule: u32): u32 {
  emit(KIND_FIELD_BLOCK, rule, 0, 0, 0, NONE, NONE, NONE);
  return rule;
}

export function hpackEncoderFree(handle: u32): void {
  if (!handle) return;
  const c = coderOf(handle);
  encoderFree(c.inner);
  release(c.result);
  release(handle);
}
