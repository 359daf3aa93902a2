/**
 * Flow-control windows (RFC 9113 §5.2, §6.9): one way what we may send, the other what the peer may. A stream has both, and
 * so has the connection; all arithmetic on them is here.
 */

/** Largest window (§6.9.1). */
export const WINDOW_MAX: u32 = 2147483647;
/** What either side may send before SETTINGS and WINDOW_UPDATE say otherwise (§6.9.2). */
export const WINDOW_FIRST: u32 = 65535;

@unmanaged
export class Windows {
  /** What we may still send; below 0 after the peer made its initial window smaller (§6.9.2). */
  sendLeft: i32;
  /**
   * What the peer may still send, below 0 after our initial window became smaller; what the window is when all that is due is
   * given back; what is due.
   */
  receiveLeft: i32;
  receiveSize: u32;
  receiveDue: u32;
}

/** Sets both windows up. */
export function beginWindows(w: Windows, send: u32, receive: u32): void {
  w.sendLeft = <i32>send;
  w.receiveLeft = <i32>receive;
  w.receiveSize = receive;
  w.receiveDue = 0;
}

/** The peer lets `by` more octets come, or fewer. False if the window would grow beyond WINDOW_MAX. */
export function shiftSend(w: Windows, by: i64): bool {
  const left = <i64>w.sendLeft + by;
  if (left > <i64>WINDOW_MAX) return false;
  // SAFE: initial windows are not below 0, so their difference is at least -WINDOW_MAX, and it is only ever counted from one.
  w.sendLeft = <i32>left;
  return true;
}

/** Octets came. False if the peer was not to send so many. */
export function takeReceived(w: Windows, octets: u32): bool {
  if (<i32>octets > w.receiveLeft) return false;
  w.receiveLeft -= octets;
  return true;
}

/** Our initial window is another, and so is the window of a stream that is open. */
export function shiftReceive(w: Windows, by: i32): void {
  w.receiveLeft += by;
  w.receiveSize += by;
}

/** Makes the window smaller by octets that came: they are not due until `restore`. */
export function withhold(w: Windows, octets: u32): void {
  w.receiveSize -= octets;
}

/** Makes the window larger again by octets that were withheld, and are to be given back. */
export function restore(w: Windows, octets: u32): void {
  w.receiveSize += octets;
}

/**
 * Notes octets to be given back. The increment of the WINDOW_UPDATE to be sent for all that is due; 0: not yet, so that one
 * frame does for half a window.
 */
export function giveBack(w: Windows, octets: u32): u32 {
  w.receiveDue += octets;
  const due = w.receiveDue;
  if (due < w.receiveSize >> 1) return 0;
  w.receiveDue = 0;
  w.receiveLeft += due;
  return due;
}
