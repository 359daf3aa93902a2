/** The canned responses: octets on the wire, and what a client must find in them. */
import { jsonOf } from '../corpus/contents.mjs';
import { cdnFields, headOf, smallFields } from '../corpus/heads.mjs';
import { Random } from '../corpus/random.mjs';
import { Digest, digestOf } from './digest.mjs';

/** Strides of the digest: every response, and (one in `WHOLE_EVERY`) every octet; large contents. */
const STRIDE = 61;
const WHOLE_EVERY = 64;
export const BULK_STRIDE = 4093;

/** Large contents repeat this piece. */
export const PIECE = jsonOf(262144);

const CHUNK_OCTETS = 1024;

/** The content in chunks, as Latin-1 text. */
function chunked(content) {
  let text = '';
  for (let at = 0; at < content.length; at += CHUNK_OCTETS) {
    const chunk = content.subarray(at, at + CHUNK_OCTETS);
    text += `${chunk.length.toString(16)}\r\n${chunk.toString('latin1')}\r\n`;
  }
  return `${text}0\r\n\r\n`;
}

function cannedOf(fields, content, body) {
  return { octets: Buffer.from(headOf(fields) + body, 'latin1'), fields: fields.length, content };
}

function canned(name) {
  if (name === 'tiny') {
    const content = Buffer.from('Hello, world!');
    return cannedOf(smallFields(content.length), content, content.toString('latin1'));
  }
  const content = Buffer.from(jsonOf(4096));
  const fields = cdnFields(new Random(0x53336a73), content.length);
  if (name === 'json') return cannedOf(fields, content, content.toString('latin1'));
  if (name === 'json-chunked') {
    const framed = fields.map((field) => (field[0] === 'Content-Length' ? ['Transfer-Encoding', 'chunked'] : field));
    return cannedOf(framed, content, chunked(content));
  }
  throw new Error(`Cannot answer: there is no response ${name}`);
}

/** Head of a response with `octets` of content, which is PIECE again and again. */
export function bulkHead(octets) {
  return Buffer.from(headOf(smallFields(octets)), 'latin1');
}

/** Digest of `octets` of PIECE again and again. */
export function bulkDigest(octets) {
  const digest = new Digest(BULK_STRIDE);
  while (digest.octets < octets) digest.update(PIECE.subarray(0, octets - digest.octets));
  return digest.value;
}

/** A canned response, and the check that every client's every answer must pass. */
export class Expected {
  #sampled;
  #whole;
  #countdown = 0;

  constructor(name) {
    const { octets, fields, content } = canned(name);
    this.wire = octets;
    this.fields = fields;
    this.contentOctets = content.length;
    this.#sampled = digestOf(content, STRIDE);
    this.#whole = digestOf(content, 1);
  }

  /** @throws {Error} if status, number of fields, length or digest of the content are not those of the response */
  check(status, fields, content) {
    const whole = this.#countdown === 0;
    this.#countdown = whole ? WHOLE_EVERY - 1 : this.#countdown - 1;
    const digest = whole ? digestOf(content, 1) : digestOf(content, STRIDE);
    if (
      status !== 200 ||
      fields !== this.fields ||
      content.length !== this.contentOctets ||
      digest !== (whole ? this.#whole : this.#sampled)
    ) {
      throw new Error(
        `Cannot count a response: status ${status}, ${fields} fields, ${content.length} octets, ${digest}`,
      );
    }
  }
}
