/**
 * Content decoders: handles, the choice of wrapper, the record that a call leaves. Each handle decodes one body.
 *
 * A body that ends early is an error, and so is any octet after its end but zeros, which some writers pad with.
 * Codings: gzip (RFC 1952), zlib (RFC 1950), raw deflate (RFC 1951), HTTP's deflate. What they hold is decoded by
 * inflate.ts.
 */
import {
  CODING_DEFLATE,
  CODING_DEFLATE_RAW,
  CODING_GZIP,
  CODING_ZLIB,
  DECODE_ERROR,
  DECODE_HAS_OUTPUT,
  DECODE_NEEDS_INPUT,
  INPUT_OCTETS,
  RULE_CODING_MEMORY,
  RULE_CODING_TRAILING,
  RULE_CODING_TRUNCATED,
} from '../abi';
import { emitDecoded } from '../event';
import { INPUT, allocate, isLive, release } from '../memory';
import { beginGzipTrailer, beginMember, gzipOctet } from './gzip';
import { beginInflate, copyInsideStored, inflate, readScarce } from './inflate';
import { FAST_INPUT_OCTETS } from './inflate-fast';
import {
  DECODER_OCTETS,
  Decoder,
  PHASE_BODY,
  PHASE_DEFLATE_FIRST,
  PHASE_DONE,
  PHASE_FAILED,
  PHASE_GZIP_FIRST,
  PHASE_GZIP_NEXT,
  PHASE_ZLIB_METHOD,
  STATE_ENDED,
  STATE_STORED,
  STATE_SYMBOL,
  STEP_END,
  STEP_FULL,
  STEP_INPUT,
  STEP_ON,
} from './state';
import { freeWindow, makeRoom, sumOutput } from './window';
import { beginZlibTrailer, zlibOctet } from './zlib';

function decoderOf(handle: u32): Decoder {
  assert(isLive(handle), 'decoderOf: no decoder');
  return changetype<Decoder>(handle);
}

/**
 * A decoder of one body. `decodedOctetsMax`: most octets it may decode to. `decodedRatioMax`: most decoded octets per
 * octet taken, checked each time another FRESH_OCTETS were made, so that small bodies may be of any ratio. 0: no limit.
 * @returns its handle; 0 if there is no memory.
 */
export function decoderCreate(coding: u32, decodedOctetsMax: f64, decodedRatioMax: f64): u32 {
  const at = allocate(DECODER_OCTETS);
  if (!at) return 0;
  memory.fill(at, 0, offsetof<Decoder>());
  const d = changetype<Decoder>(at);
  d.coding = coding;
  d.state = STATE_ENDED;
  d.decodedMax = decodedOctetsMax > 0 ? <u64>decodedOctetsMax : u64.MAX_VALUE;
  d.ratioMax = decodedRatioMax;
  if (coding == CODING_GZIP) {
    beginMember(d, PHASE_GZIP_FIRST);
  } else if (coding == CODING_ZLIB) {
    d.phase = PHASE_ZLIB_METHOD;
  } else if (coding == CODING_DEFLATE) {
    d.phase = PHASE_DEFLATE_FIRST;
  } else {
    assert(coding == CODING_DEFLATE_RAW, 'decoderCreate: no such coding');
    d.phase = PHASE_BODY;
    beginInflate(d);
  }
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
  const d = decoderOf(handle);
  const input = INPUT + from;
  const octets = to - from;
  const out = d.out;
  const state = d.state;
  // The two that most octets meet come first, so that octets that arrive alone cost little.
  if (state == STATE_STORED && copyInsideStored(d, input, octets)) {
    d.taken += octets;
    emitDecoded(DECODE_NEEDS_INPUT, <u32>out, octets, octets, 0);
    return DECODE_NEEDS_INPUT;
  }
  d.input = input;
  d.inputEnd = INPUT + to;
  let step = state == STATE_SYMBOL && octets < FAST_INPUT_OCTETS ? readScarce(d) : STEP_ON;
  if (step == STEP_ON) step = inflate(d);
  if (step != STEP_INPUT) return decodeOn(d, step, input, out);
  d.taken += octets;
  emitDecoded(DECODE_NEEDS_INPUT, <u32>out, <u32>(d.out - out), octets, 0);
  return DECODE_NEEDS_INPUT;
}

/** The rest of `decoderDecode`, where inflate did not just end with its input. */
function decodeOn(d: Decoder, step: u32, input: usize, out: usize): u32 {
  d.inputFrom = input;
  d.handed = out;
  let code: u32 = DECODE_NEEDS_INPUT;
  let rule: u32 = 0;
  step = goOn(d, step);
  if (step == STEP_FULL) {
    code = DECODE_HAS_OUTPUT;
  } else if (step != STEP_INPUT) {
    code = DECODE_ERROR;
    rule = step;
    d.rule = rule;
    d.phase = PHASE_FAILED;
    d.state = STATE_ENDED;
  }
  const taken = <u32>(d.input - input);
  d.taken += taken;
  emitDecoded(code, <u32>d.handed, <u32>(d.out - d.handed), taken, rule);
  return code;
}

/**
 * No more input will come. @returns 0 if the body is complete, else the rule it broke. A body of no octets is complete.
 */
export function decoderEnd(handle: u32): u32 {
  if (!handle) return RULE_CODING_MEMORY;
  const d = decoderOf(handle);
  if (d.phase == PHASE_FAILED) return d.rule;
  return d.phase >= PHASE_GZIP_NEXT || !d.taken ? 0 : RULE_CODING_TRUNCATED;
}

/** Gives the decoder's memory back; the handle is dead. */
export function decoderFree(handle: u32): void {
  if (!handle) return;
  freeWindow(decoderOf(handle));
  release(handle);
}

/** Goes on from what `inflate` ended with. Answers STEP_INPUT, STEP_FULL, or the rule that was broken. */
function goOn(d: Decoder, step: u32): u32 {
  while (step == STEP_FULL || step == STEP_END) {
    if (step == STEP_FULL) {
      step = makeRoom(d);
    } else {
      if (d.phase == PHASE_BODY) endBody(d);
      step = readWrapper(d);
    }
    if (step != STEP_ON) return step;
    step = inflate(d);
  }
  return step;
}

/** Octets around the compressed data, up to where these begin. */
function readWrapper(d: Decoder): u32 {
  if (d.phase == PHASE_FAILED) return d.rule;
  let step = STEP_ON;
  do {
    if (d.input == d.inputEnd) return STEP_INPUT;
    const octet = <u32>load<u8>(d.input++); // SAFE: input < inputEnd
    if (d.phase < PHASE_GZIP_FIRST) step = zlibOctet(d, octet);
    else if (d.phase < PHASE_DONE) step = gzipOctet(d, octet);
    else if (octet) step = RULE_CODING_TRAILING;
  } while (step == STEP_ON && d.phase != PHASE_BODY);
  return step;
}

/** The final block ended: what the coding has behind it follows. The bits up to the octet's edge are padding. */
function endBody(d: Decoder): void {
  sumOutput(d);
  if (d.coding == CODING_GZIP) beginGzipTrailer(d);
  else if (d.coding == CODING_ZLIB) beginZlibTrailer(d);
  else d.phase = PHASE_DONE;
}
