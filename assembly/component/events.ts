/**
 * The list of events that a call of a connection answers: records of the core (abi.ts) as `variant event` of
 * wasm/http-core.wit. What records point to is copied, since a call of the component may be several of the core; content
 * that did not enter the core stays where the host put it.
 *
 *   event     | u8 case | . . . | value: up to 32 octets |
 *   head      | stream | u16 status, u16 facts | option keep-alive-seconds | list reason | list fields |
 *   request   | stream | u16 facts | list method | list target | list fields |
 *   end       | stream | u8 is-reusable | list trailers |        content   | stream | list octets |
 */
import { FIELD_OCTETS, FLAG_SAME_FIELDS, NONE, ROLE_REQUESTS, RULE_MEMORY } from '../abi';
import { keep, take } from './arena';
import { LIST_OCTETS, RESULT, storeFault, storeList, storeOption, VALUE } from './values';

export const CASE_HEAD: u32 = 0;
export const CASE_INTERIM: u32 = 1;
const CASE_REQUEST: u32 = 2;
const CASE_DATA: u32 = 3;
const CASE_END: u32 = 4;
export const CASE_WRITABLE: u32 = 5;
const CASE_UPGRADED: u32 = 6;
const CASE_RESET: u32 = 7;
const CASE_GOAWAY: u32 = 8;
export const CASE_STREAMS_MAX: u32 = 9;
const CASE_STREAM_ERROR: u32 = 10;
const CASE_ERROR: u32 = 11;

const ITEM_OCTETS: usize = 36;
const FIRST_ROOM: u32 = 16;
/** Name and value. */
const PAIR_OCTETS: usize = 2 * LIST_OCTETS;
/** Octets of a status line before the reason phrase: `HTTP/1.1 200 `. */
const REASON: u32 = 13;

/** Where events go that there is no memory for; then the one that says so. */
const SPARE: usize = memory.data(<i32>ITEM_OCTETS, 4);

let items: usize = SPARE;
let count: u32 = 0;
let room: u32 = 0;
let failed: bool = false;

/** Begins a list. */
export function beginEvents(): void {
  items = SPARE;
  count = 0;
  room = 0;
  failed = false;
}

/** Notes that there is no memory for what is to be said. */
export function failEvents(): void {
  failed = true;
}

/** Whether all could be said so far. */
export function areWhole(): bool {
  return !failed;
}

/** The list, as a result; without memory for it, one event that says so. */
export function endEvents(): usize {
  if (failed) {
    items = SPARE;
    store<u32>(SPARE, CASE_ERROR);
    store<u32>(SPARE, 0, VALUE);
    storeFault(SPARE + VALUE + 4, RULE_MEMORY, NONE, NONE, NONE);
    count = 1;
  }
  storeList(RESULT, items, count);
  return RESULT;
}

/** One more event: where its value is to be stored. */
function add(kind: u32): usize {
  if (count == room && !grow()) return SPARE + VALUE;
  const at = items + count * ITEM_OCTETS;
  count++;
  store<u32>(at, kind);
  return at + VALUE;
}

function grow(): bool {
  const more = room ? room * 2 : FIRST_ROOM;
  const larger = failed ? 0 : take(more * ITEM_OCTETS);
  if (!larger) {
    failed = true;
    return false;
  }
  memory.copy(larger, items, count * ITEM_OCTETS);
  items = larger;
  room = more;
  return true;
}

/** An event that is one number. */
export function addNumber(kind: u32, value: u32): void {
  store<u32>(add(kind), value);
}

function addContent(kind: u32, stream: u32, octets: usize, length: usize): void {
  const at = add(kind);
  store<u32>(at, stream);
  storeList(at + 4, octets, length);
}

export function addData(stream: u32, octets: usize, length: usize): void {
  if (length) addContent(CASE_DATA, stream, octets, length);
}

export function addUpgraded(stream: u32, octets: usize, length: usize): void {
  addContent(CASE_UPGRADED, stream, octets, length);
}

export function addReset(stream: u32, code: u32, isUnprocessed: u32): void {
  const at = add(CASE_RESET);
  store<u32>(at, stream);
  store<u32>(at, code, 4);
  store<u8>(at, isUnprocessed, 8);
}

export function addGoaway(lastStream: u32, code: u32): void {
  const at = add(CASE_GOAWAY);
  store<u32>(at, lastStream);
  store<u32>(at, code, 4);
}

export function addStreamError(stream: u32, code: u32, rule: u32, offset: u32, octet: u32, limit: u32): void {
  const at = add(CASE_STREAM_ERROR);
  store<u32>(at, stream);
  store<u32>(at, code, 4);
  storeFault(at + 8, rule, offset, octet, limit);
}

export function addError(stream: u32, rule: u32, offset: u32, octet: u32, limit: u32): void {
  const at = add(CASE_ERROR);
  store<u32>(at, stream);
  storeFault(at + 4, rule, offset, octet, limit);
}

export function addEnd(stream: u32, isReusable: u32, table: usize, octets: u32, fields: u32): void {
  const at = add(CASE_END);
  store<u32>(at, stream);
  store<u8>(at, isReusable, 4);
  storeFields(at + 8, copied(table, octets), fields);
}

/**
 * A head of `octets` octets, its table of `fields` entries included, that stands at `table`. `code`, `last`: as in the core's
 * record. HTTP/2 has no first line (`hasLine`).
 */
export function addHead(
  kind: u32,
  role: u32,
  hasLine: bool,
  stream: u32,
  code: u32,
  flags: u32,
  last: u32,
  table: usize,
  octets: u32,
  fields: u32,
): void {
  const isRequest = role == ROLE_REQUESTS;
  const at = add(isRequest ? CASE_REQUEST : kind);
  const own = copied(table, octets);
  const head = own + fields * FIELD_OCTETS;
  store<u32>(at, stream);
  if (isRequest) {
    store<u16>(at, flags, 4);
    storeList(at + 8, head, code);
    storeList(at + 16, head + code + 1, last);
  } else {
    store<u16>(at, code, 4);
    store<u16>(at, flags & ~FLAG_SAME_FIELDS, 6);
    storeOption(at + 8, last);
    storeList(at + 16, head + REASON, hasLine && own ? lengthOfReason(head + REASON) : 0);
  }
  storeFields(at + 24, own, fields);
}

/** A copy of what records point to, or 0. */
function copied(octets: usize, length: u32): usize {
  if (!length) return 0;
  const at = keep(octets, length);
  if (!at) failed = true;
  return at;
}

/** SAFE: a CR ends each status line; what stands where a line without a reason phrase ends is its CR. */
function lengthOfReason(p: usize): usize {
  const start = p;
  if (load<u8>(p - 1) == 0x0d) return 0;
  while (load<u8>(p) != 0x0d) p++;
  return p - start;
}

/** The list of the fields that the table at `table` describes. */
function storeFields(at: usize, table: usize, fields: u32): void {
  const pairs = table ? take(fields * PAIR_OCTETS) : 0;
  if (!pairs) {
    if (table) failed = true;
    storeList(at, SPARE, 0);
    return;
  }
  const head = table + fields * FIELD_OCTETS;
  for (let i: u32 = 0; i < fields; i++) {
    const entry = table + i * FIELD_OCTETS;
    const first = load<u32>(entry, 0, 1);
    const second = load<u32>(entry, 4, 1);
    const third = load<u32>(entry, 8, 1);
    const pair = pairs + i * PAIR_OCTETS;
    storeList(pair, head + (first & 0xffffff), (second >> 24) | ((third >> 24) << 8));
    storeList(pair + LIST_OCTETS, head + (second & 0xffffff), third & 0xffffff);
  }
  storeList(at, pairs, fields);
}
