/** `btoa` and `atob` (HTML §8.3): octets, a code unit each, to base64 and back. */
import { fromBase64, toBase64 } from '@exodus/bytes/base64.js';
import { DOMException } from './dom-exception.js';

/** Most code units that are made at a time: each is an argument. */
const UNITS_MAX = 4096;

/** @throws DOMException for a character that is no octet. */
export function btoa(text: string): string {
  const octets = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit > 0xff) {
      throw new DOMException('Cannot encode as base64: a character is no octet', 'InvalidCharacterError');
    }
    octets[at] = unit;
  }
  return toBase64(octets);
}

/** Without white space, and with padding or without. @throws DOMException for what is not base64. */
export function atob(base64: string): string {
  const dense = base64.replace(/[\t\n\f\r ]/g, '');
  const data = dense.length % 4 === 0 ? dense.replace(/={1,2}$/, '') : dense;
  if (data.length % 4 === 1 || !/^[A-Za-z0-9+/]*$/.test(data)) {
    throw new DOMException('Cannot decode base64: it is malformed', 'InvalidCharacterError');
  }
  const octets = fromBase64(withoutSpareBits(data));
  let text = '';
  for (let at = 0; at < octets.length; at += UNITS_MAX) {
    text += String.fromCharCode(...octets.subarray(at, at + UNITS_MAX));
  }
  return text;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Bits of the last digit that are part of no octet mean nothing here; strict decoders refuse them. */
function withoutSpareBits(data: string): string {
  const spare = (data.length * 6) % 8;
  if (spare === 0) return data;
  const digit = ALPHABET.indexOf(data.slice(-1));
  return data.slice(0, -1) + (ALPHABET[(digit >> spare) << spare] as string);
}
