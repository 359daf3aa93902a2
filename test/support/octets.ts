/** Octets in tests: a string stands for its Latin-1 octets wherever a server speaks or a request is looked at. */

/** The octets a test wrote down, as a string or as they are. */
export function octetsOf(text: string | Uint8Array): Buffer {
  return typeof text === 'string'
    ? Buffer.from(text, 'latin1')
    : Buffer.from(text.buffer, text.byteOffset, text.length);
}

/** Octets as a string of code points up to 255, so that a failed comparison can be read. */
export function textOf(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('latin1');
}

/** `count` octets whose value at each place is known (and never repeats with a power of two). */
export function patternOf(count: number): Uint8Array<ArrayBuffer> {
  const octets = new Uint8Array(count);
  for (let at = 0; at < count; at++) octets[at] = (at * 31 + (at >>> 8) * 7) & 255;
  return octets;
}

/** Octets of an answer with a Content-Length. */
export function answer(body: string, fields = '', statusLine = '200 OK'): string {
  return `HTTP/1.1 ${statusLine}\r\nContent-Length: ${Buffer.byteLength(body, 'latin1')}\r\n${fields}\r\n${body}`;
}

/** The value of a field in a head as it went over the wire, or `null`. */
export function fieldOf(head: string, name: string): string | null {
  for (const line of head.split('\r\n').slice(1)) {
    const colon = line.indexOf(':');
    if (colon > 0 && line.slice(0, colon).toLowerCase() === name.toLowerCase()) return line.slice(colon + 1).trim();
  }
  return null;
}
