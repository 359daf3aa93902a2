/** IP addresses as octets, and ranges of them (RFC 4632, RFC 4291 §2.3). What is written otherwise is a name. */
import { hostToAscii } from './punycode.js';

const IPV4 = /^(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})$/;
const GROUPS = 8;

/** 4 or 16 octets; `null` for what is no address: four decimal numbers, or what WHATWG takes for IPv6, without a zone. */
export function ipOctets(text: string): readonly number[] | null {
  const quad = IPV4.exec(text);
  if (quad !== null) {
    const octets = quad.slice(1).map(Number);
    return octets.every((octet) => octet <= 255) ? octets : null;
  }
  if (!text.includes(':')) return null;
  const plain = hostToAscii(`[${text}]`);
  return plain === null ? null : octetsOfIpv6(plain.slice(1, -1));
}

/** Of an address as WHATWG serialises it: groups in hexadecimal, one run of zeros left out. */
function octetsOfIpv6(text: string): number[] {
  const [before = '', behind = ''] = text.split('::');
  const groupsOf = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const first = groupsOf(before);
  const last = groupsOf(behind);
  const zeros = Array.from({ length: GROUPS - first.length - last.length }, () => '0');
  return [...first, ...zeros, ...last].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

/** Addresses that begin with the same bits. */
export interface IpRange {
  readonly octets: readonly number[];
  readonly bits: number;
}

/** `text` is an address, or one with '/' and a number of bits; `null` for all else. */
export function parseIpRange(text: string): IpRange | null {
  const [, address = text, digits] = /^([^/]*)\/(0|[1-9][0-9]{0,2})$/.exec(text) ?? [];
  const octets = ipOctets(address);
  if (octets === null) return null;
  const bits = digits === undefined ? octets.length * 8 : Number(digits);
  return bits <= octets.length * 8 ? { octets, bits } : null;
}

/** Whether the address is in the range; addresses of the other family never are. */
export function isInRange(octets: readonly number[], range: IpRange): boolean {
  if (octets.length !== range.octets.length) return false;
  return octets.every((octet, index) => {
    const bits = Math.min(8, Math.max(0, range.bits - index * 8));
    const mask = (0xff00 >> bits) & 0xff;
    return ((octet ^ (range.octets[index] as number)) & mask) === 0;
  });
}
