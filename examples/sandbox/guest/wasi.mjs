// What both worlds over WASI share: time and randomness, waiting for something within so many milliseconds, streams of
// octets.
import { now as monotonicNow, subscribeDuration } from 'wasi:clocks/monotonic-clock@0.2.12';
import { now as wallNow } from 'wasi:clocks/wall-clock@0.2.12';
import { poll } from 'wasi:io/poll@0.2.12';
import { getRandomBytes } from 'wasi:random/random@0.2.12';

const NANOSECONDS = 1e6;
const READ_OCTETS = 65536;

Date.now = () => {
  const { seconds, nanoseconds } = wallNow();
  return seconds * 1000 + Math.floor(nanoseconds / NANOSECONDS);
};
globalThis.performance = { now: () => monotonicNow() / NANOSECONDS };
globalThis.crypto = {
  getRandomValues(view) {
    view.set(getRandomBytes(view.length));
    return view;
  },
};

/** Gives a resource back. */
export const drop = (resource) => resource[Symbol.dispose]();

/**
 * Whether what `subscribe` stands for is ready within `timeoutMs`, `null` for as long as it takes. It is polled, not asked
 * `ready()`: on Node.js that says what was so the last time.
 */
export function isReady(subscribe, timeoutMs) {
  if (timeoutMs === 0) return false;
  const pollables = [subscribe()];
  try {
    if (timeoutMs !== null) pollables.push(subscribeDuration(Math.ceil(timeoutMs * NANOSECONDS)));
    return [...poll(pollables)].includes(0);
  } finally {
    pollables.forEach(drop);
  }
}

/** Milliseconds that are left of those; `null`: there is no end to them. */
export function countdown(timeoutMs) {
  const until = timeoutMs === null ? null : performance.now() + timeoutMs;
  return () => (until === null ? null : Math.max(0, until - performance.now()));
}

/** What a stream says about why it failed; `null`: it was closed in order. */
function failureOf({ payload }) {
  if (payload?.tag === 'closed') return null;
  const { val: error } = payload;
  try {
    return new Error(error.toDebugString());
  } finally {
    drop(error);
  }
}

/** The next octets of an input-stream within `timeoutMs`, none if none came, `null` at its end. */
export function readFrom(input, timeoutMs) {
  const left = countdown(timeoutMs);
  try {
    for (;;) {
      const octets = input.read(READ_OCTETS);
      if (octets.length > 0) return Uint8Array.from(octets);
      if (!isReady(() => input.subscribe(), left())) return new Uint8Array(0);
    }
  } catch (error) {
    const failure = failureOf(error);
    if (failure === null) return null;
    throw failure;
  }
}

/** How many of these octets an output-stream took within `timeoutMs`. It is not flushed: that blocks on Node.js. */
export function writeTo(output, octets, timeoutMs) {
  try {
    let room = output.checkWrite();
    if (room === 0 && isReady(() => output.subscribe(), timeoutMs)) room = output.checkWrite();
    const taken = Math.min(room, octets.length);
    if (taken === 0) return 0;
    output.write(octets.subarray(0, taken));
    return taken;
  } catch (error) {
    throw failureOf(error) ?? new Error('the peer takes no more');
  }
}
