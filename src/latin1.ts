/** Octets as strings of the same code units, and back: by the host's own functions where it has them. */

type Latin1Slice = (this: Uint8Array, start: number, end: number) => string;
const hostLatin1Slice = (globalThis as { Buffer?: { prototype?: { latin1Slice?: Latin1Slice } } }).Buffer?.prototype
  ?.latin1Slice;

/** Octets as a string of the same code units. TextDecoder cannot: its 'latin1' is windows-1252. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  if (hostLatin1Slice !== undefined) return hostLatin1Slice.call(bytes, start, end);
  let text = '';
  for (let at = start; at < end; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, Math.min(end, at + 8192)));
  }
  return text;
}

type Latin1Write = (this: Uint8Array, text: string, start: number, octets: number) => number;
const hostLatin1Write = (globalThis as { Buffer?: { prototype?: { latin1Write?: Latin1Write } } }).Buffer?.prototype
  ?.latin1Write;

/** Puts the octets of a Latin-1 string at `start`. */
export function putLatin1(bytes: Uint8Array, text: string, start: number): void {
  // Not every host takes the rest of the memory to be meant where no length is given (workerd).
  if (hostLatin1Write !== undefined) hostLatin1Write.call(bytes, text, start, text.length);
  else for (let i = 0; i < text.length; i++) bytes[start + i] = text.charCodeAt(i);
}
