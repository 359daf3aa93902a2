/** Octets that came in pieces, as one. */

/** All pieces as one; the piece itself if there is one. */
export function joined(pieces: readonly Uint8Array<ArrayBuffer>[], octets: number): Uint8Array<ArrayBuffer> {
  return pieces.length === 1 ? (pieces[0] as Uint8Array<ArrayBuffer>) : concatenated(pieces, octets);
}

/** All pieces, so many octets, one behind the other in memory of their own. */
export function concatenated(pieces: readonly Uint8Array[], octets: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(octets);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
