/**
 * What every coding of the second module has in common: the head of its state, and the contract between a coding and
 * stream-decoder.ts, which hands out what it makes.
 *
 * A coding is a class that extends Stream, its size, and three functions that stream-decoder.ts calls:
 *
 * - `begin…(s)`: the state is all zeros but for the members of Stream. Makes it ready for the first octet.
 * - `step…(s): u32`: reads octets from [input, inputEnd), advancing `input`, and appends decoded ones at `out`, up to
 *   `outEnd`. It answers
 *   - STEP_INPUT: every octet of input was taken and nothing more can be made of them;
 *   - STEP_ON: call again. So that a call's work is bounded, a step ends after a block, or after `outEnd` was met;
 *   - STEP_FULL: what is between `handed` and `out` must be handed out before anything more can be done;
 *   - RULE_*: that rule was broken. What was made before is handed out; the coding is not called again.
 *   It sets `complete` to 1 where the data may end and to 0 where not, and finds out itself whether octets that follow
 *   the end are wrong (RULE_CODING_TRAILING). How the input was cut must not show: not in what is made, in the rule, or
 *   in how many octets were taken when it was broken.
 * - `free…(s)`: releases what the coding allocated itself. State and window are released by stream-decoder.ts.
 *
 * Room for output comes from history.ts, which also keeps the limits: `makeRoom` for a coding that can stop at any
 * octet, `reserve` and `limitBlock` for one that decodes blocks whole. A coding allocates nothing for its window.
 */
@unmanaged
export class Stream {
  /** Input of this call: next octet and end. */
  input: usize;
  inputEnd: usize;
  /** Next octet of output, and the end of what may be written now (and SLACK_OCTETS beyond, for wide stores). */
  out: usize;
  outEnd: usize;
  /** Where the run of history begins that ends at `out`. */
  run: usize;
  /** End of the run before it, in the same window; 0: there is none. It precedes `run` in the data. */
  olderEnd: usize;

  // ── window: history.ts alone sets these ──
  window: usize;
  windowEnd: usize;
  /** First octet that was not yet handed out. */
  handed: usize;

  // ── what decides how the data may end ──
  /** CODING_*. */
  coding: u32;
  /** 1: the data may end here. */
  complete: u32;
  /** The rule that was broken, which every later call repeats; 0: none. */
  rule: u32;

  // ── limits ──
  /** Largest window that the data may ask for. */
  windowMax: u32;
  /** Octets that were taken before this call, and where in the input area this call's begin. */
  taken: u64;
  inputFrom: usize;
  /** Octets that were handed out. */
  made: u64;
  decodedMax: u64;
  /** Most decoded octets per octet taken; 0: no limit. */
  ratioMax: f64;
}

/** Octets of the input that were taken, this call's included. */
export function takenOf(s: Stream): u64 {
  return s.taken + (s.input - s.inputFrom);
}

/** Octets that were decoded, handed out or not. */
export function madeOf(s: Stream): u64 {
  return s.made + (s.out - s.handed);
}
