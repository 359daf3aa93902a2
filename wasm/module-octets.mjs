/**
 * Reading and writing the binary format of WebAssembly modules: numbers, names, value types, parts with a length.
 * Knows nothing of sections or instructions.
 */

/** i32, i64, f32, f64, v128, funcref, externref. */
const VALUE_TYPES = new Set([0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f]);

/** Reads [position, end) of a module; whatever is not there or too large is an error that names the octet. */
export class Reader {
  constructor(octets, position = 0, end = octets.length) {
    this.octets = octets;
    this.position = position;
    this.end = end;
  }

  fail(what) {
    throw new Error(`Cannot meter module: ${what} at octet ${this.position}`);
  }

  byte() {
    if (this.position >= this.end) this.fail('it is cut off');
    return this.octets[this.position++];
  }

  /** Unsigned LEB128 of at most 32 bits. */
  u32() {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      if (shift === 28 && byte > 15) break;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    return this.fail('a number has more than 32 bits');
  }

  /** Any LEB128 of at most 64 bits. */
  skipNumber() {
    for (let count = 0; count < 10; count++) if (this.byte() < 128) return;
    this.fail('a number has more than 64 bits');
  }

  skipNumbers(count) {
    for (let index = 0; index < count; index++) this.skipNumber();
  }

  skip(count) {
    if (count > this.end - this.position) this.fail('it is cut off');
    this.position += count;
  }

  valueType() {
    if (!VALUE_TYPES.has(this.byte())) this.fail('an unknown value type');
  }

  name() {
    const length = this.u32();
    const start = this.position;
    this.skip(length);
    return new TextDecoder().decode(this.octets.subarray(start, start + length));
  }

  /** A reader over the next `length` octets, which this one then has behind it. */
  part(length) {
    const start = this.position;
    this.skip(length);
    return new Reader(this.octets, start, start + length);
  }

  rest() {
    return this.octets.subarray(this.position, this.end);
  }
}

/** Octets that grow. */
export class Writer {
  constructor() {
    this.octets = new Uint8Array(1024);
    this.length = 0;
  }

  append(octets) {
    if (this.length + octets.length > this.octets.length) {
      const grown = new Uint8Array((this.length + octets.length) * 2);
      grown.set(this.octets.subarray(0, this.length));
      this.octets = grown;
    }
    this.octets.set(octets, this.length);
    this.length += octets.length;
    return this;
  }

  /** Each number as unsigned LEB128; opcodes and types below 128 are their own. */
  u32(...values) {
    for (const value of values) {
      let rest = value;
      const bytes = [];
      do {
        bytes.push((rest & 127) | (rest > 127 ? 128 : 0));
        rest >>>= 7;
      } while (rest > 0);
      this.append(bytes);
    }
    return this;
  }

  /** Signed LEB128 of a number that is not negative. */
  s64(value) {
    let rest = value;
    const bytes = [];
    while (rest > 63) {
      bytes.push((rest & 127) | 128);
      rest >>>= 7;
    }
    bytes.push(rest);
    return this.append(bytes);
  }

  /** `contents` behind its own length. */
  sized(contents) {
    return this.u32(contents.length).append(contents);
  }

  taken() {
    return this.octets.slice(0, this.length);
  }
}
