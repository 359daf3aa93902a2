/**
 * Host names as people read them: labels that begin with 'xn--' decoded (RFC 3492). Only for show: what is sent is always
 * the ASCII form, and a label that does not lead back to it stays as it is.
 */

const BASE = 36;
const T_MIN = 1;
const T_MAX = 26;
const SKEW = 38;
const DAMP = 700;
const INITIAL_BIAS = 72;
const INITIAL_N = 128;
const CODE_POINT_MAX = 0x10ffff;
const LABEL_OCTETS_MAX = 63;
/** What would end the host in the eyes of the runtime's parser. */
const DELIMITER = /[\\/?#@]/;

/** The host with its 'xn--' labels decoded, as far as the host's own IDNA leads back to the same ASCII form. */
export function hostToUnicode(host: string): string {
  if (!host.includes('xn--')) return host;
  return host
    .split('.')
    .map((label) => {
      if (!label.startsWith('xn--') || label.length > LABEL_OCTETS_MAX) return label;
      const unicode = decodeLabel(label.slice(4));
      return unicode !== null && hostToAscii(unicode) === label ? unicode : label;
    })
    .join('.');
}

/** The host by the runtime's UTS 46 (WHATWG "domain to ASCII"); `null` if it refuses. */
export function hostToAscii(host: string): string | null {
  if (DELIMITER.test(host)) return null;
  try {
    return new globalThis.URL(`http://${host}/`).hostname;
  } catch {
    return null;
  }
}

/** RFC 3492 §6.2; `null` for what is no Punycode. */
function decodeLabel(label: string): string | null {
  const delimiter = label.lastIndexOf('-');
  const output = delimiter > 0 ? [...label.slice(0, delimiter)].map((unit) => unit.charCodeAt(0)) : [];
  let n = INITIAL_N;
  let i = 0;
  let bias = INITIAL_BIAS;
  let at = delimiter > 0 ? delimiter + 1 : 0;
  while (at < label.length) {
    const before = i;
    let weight = 1;
    for (let k = BASE; ; k += BASE) {
      const digit = digitOf(label.charCodeAt(at++));
      if (digit < 0) return null;
      i += digit * weight;
      const t = k <= bias ? T_MIN : Math.min(k - bias, T_MAX);
      if (digit < t) break;
      weight *= BASE - t;
    }
    const length = output.length + 1;
    bias = adapted(i - before, length, before === 0);
    n += Math.floor(i / length);
    if (!(n <= CODE_POINT_MAX)) return null;
    i %= length;
    output.splice(i++, 0, n);
  }
  return String.fromCodePoint(...output);
}

/** RFC 3492 §6.1. */
function adapted(delta: number, length: number, first: boolean): number {
  let rest = first ? Math.floor(delta / DAMP) : Math.floor(delta / 2);
  rest += Math.floor(rest / length);
  let k = 0;
  for (; rest > ((BASE - T_MIN) * T_MAX) / 2; k += BASE) rest = Math.floor(rest / (BASE - T_MIN));
  return k + Math.floor(((BASE - T_MIN + 1) * rest) / (rest + SKEW));
}

/** Value of a base-36 digit; -1 for anything else (NaN at the label's end included). */
function digitOf(unit: number): number {
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30 + 26;
  if (unit >= 0x61 && unit <= 0x7a) return unit - 0x61;
  return -1;
}
