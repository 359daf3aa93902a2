/**
 * Content decoders of the second module: handles, the choice of coding, the handing out of what it makes. Each handle
 * decodes one body. What a coding has to do is in stream.ts.
 *
 * A body of no octets is complete; one that ends early is an error, and so is whatever follows its end.
 */
import {
  CODING_BROTLI,
  CODING_ZSTD,
  DECODE_ERROR,
  DECODE_HAS_OUTPUT,
  DECODE_NEEDS_INPUT,
  DECODED_OCTETS_PER_CALL,
  INPUT_OCTETS,
  NO_SUCH_CODING,
  RULE_CODING_MEMORY,
  RULE_CODING_TRUNCATED,
  WINDOW_OCTETS_CEILING,
  WINDOW_OCTETS_DEFAULT,
} from '../abi';
import { emitDecoded } from '../event';
import { INPUT, allocate, isLive, release } from '../memory';
import { beginBrotli, freeBrotli, stepBrotli } from './brotli';
import { BROTLI_OCTETS, Brotli } from './brotli-state';
import { freeHistory } from './history';
import { STEP_FULL, STEP_INPUT, STEP_ON } from './state';
import { Stream } from './stream';
import { beginZstd, freeZstd, stepZstd } from './zstd';
import { ZSTD_OCTETS, Zstd } from './zstd-state';

// ── the codings: each has a line in each of these functions ──

/** Octets of a coding's state; 0: there is no such coding. */
function stateOctetsOf(coding: u32): usize {
  if (coding == CODING_BROTLI) return BROTLI_OCTETS;
  if (coding == CODING_ZSTD) return ZSTD_OCTETS;
  return 0;
}

function begin(s: Stream): void {
  if (s.coding == CODING_BROTLI) {
    beginBrotli(changetype<Brotli>(s));
  } else {
    assert(s.coding == CODING_ZSTD, 'begin: no such coding');
    beginZstd(changetype<Zstd>(s));
  }
}

function step(s: Stream): u32 {
  return s.coding == CODING_BROTLI ? stepBrotli(changetype<Brotli>(s)) : stepZstd(changetype<Zstd>(s));
}

function free(s: Stream): void {
  if (s.coding == CODING_BROTLI) freeBrotli(changetype<Brotli>(s));
  else freeZstd(changetype<Zstd>(s));
}

function streamOf(handle: u32): Stream {
  assert(isLive(handle), 'streamOf: no decoder');
  return changetype<Stream>(handle);
}

/**
 * A decoder of one body. `decodedOctetsMax`: most octets it may decode to. `decodedRatioMax`: most decoded octets per
 * octet taken, from the first PIECE_OCTETS on, so that small bodies may be of any ratio. 0: no limit. `windowOctetsMax`:
 * largest window that the body may ask for, at most WINDOW_OCTETS_CEILING; 0: WINDOW_OCTETS_DEFAULT.
 * @returns its handle; 0 if there is no memory; NO_SUCH_CODING, which is no handle, for a coding that is not here.
 */
export function decoderCreate(coding: u32, decodedOctetsMax: f64, decodedRatioMax: f64, windowOctetsMax: f64): u32 {
  const octets = stateOctetsOf(coding);
  if (!octets) return NO_SUCH_CODING;
  const at = allocate(octets);
  if (!at) return 0;
  memory.fill(at, 0, octets);
  const s = changetype<Stream>(at);
  s.coding = coding;
  s.decodedMax = decodedOctetsMax > 0 ? <u64>decodedOctetsMax : u64.MAX_VALUE;
  s.ratioMax = decodedRatioMax;
  const windowMax = windowOctetsMax > 0 ? windowOctetsMax : <f64>WINDOW_OCTETS_DEFAULT;
  s.windowMax = <u32>min(windowMax, <f64>WINDOW_OCTETS_CEILING);
  begin(s);
  return <u32>at;
}

/**
 * Decodes the octets [from, to) of the input area and leaves one KIND_DECODED record. After DECODE_HAS_OUTPUT it must
 * be called again with what it did not take, even if that is nothing. After an error every call repeats it. Handle 0,
 * which is what `decoderCreate` answers without memory, says just that.
 * @returns DECODE_*.
 */
export function decoderDecode(handle: u32, from: u32, to: u32): u32 {
  assert(from <= to && to <= <u32>INPUT_OCTETS, 'decoderDecode: not in the input area');
  if (!handle) {
    emitDecoded(DECODE_ERROR, <u32>INPUT, 0, 0, RULE_CODING_MEMORY);
    return DECODE_ERROR;
  }
  const s = streamOf(handle);
  s.input = INPUT + from;
  s.inputFrom = s.input;
  s.inputEnd = INPUT + to;
  return handOut(s, advance(s));
}

/** Steps until a call's worth of output is there, or the input is used up. Answers as a step does. */
function advance(s: Stream): u32 {
  if (s.rule) return s.rule;
  let answer = STEP_ON;
  while (answer == STEP_ON && s.out - s.handed < <usize>DECODED_OCTETS_PER_CALL) answer = step(s);
  if (answer > STEP_FULL) s.rule = answer;
  return answer;
}

/** Leaves the record: what was made, as much as one call may hand out, and what the last step answered. */
function handOut(s: Stream, answer: u32): u32 {
  const at = s.handed;
  const waiting = s.out - at;
  const length = min(waiting, <usize>DECODED_OCTETS_PER_CALL);
  let code: u32 = DECODE_HAS_OUTPUT;
  let rule: u32 = 0;
  if (length == waiting) {
    if (answer == STEP_INPUT) {
      code = DECODE_NEEDS_INPUT;
    } else if (s.rule) {
      code = DECODE_ERROR;
      rule = s.rule;
    }
  }
  const taken = <u32>(s.input - s.inputFrom);
  s.handed = at + length;
  s.made += length;
  s.taken += taken;
  emitDecoded(code, <u32>at, <u32>length, taken, rule);
  return code;
}

/**
 * No more input will come. @returns 0 if the body is complete, else the rule it broke. A body of no octets is complete.
 */
export function decoderEnd(handle: u32): u32 {
  if (!handle) return RULE_CODING_MEMORY;
  const s = streamOf(handle);
  if (s.rule) return s.rule;
  return s.complete || !s.taken ? 0 : RULE_CODING_TRUNCATED;
}

/** Gives the decoder's memory back; the handle is dead. */
export function decoderFree(handle: u32): void {
  if (!handle) return;
  const s = streamOf(handle);
  free(s);
  freeHistory(s);
  release(handle);
}
