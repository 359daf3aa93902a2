/** The canned responses: octets on the wire, and what is in them. */
import { readFileSync } from 'node:fs';
import { jsonOf } from '../corpus/contents.mjs';
import { cdnFields, headOf, smallFields } from '../corpus/heads.mjs';
import { Random } from '../corpus/random.mjs';
import { Digest } from '../digest.mjs';

/** Stride of the digest of large contents. */
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

/** What a client must find in a field section: { fields, type }. */
export function sectionOf(fields) {
  return { fields: fields.length, type: fields.find(([name]) => name.toLowerCase() === 'content-type')[1] };
}

function cannedOf(fields, content, body) {
  return { wire: Buffer.from(headOf(fields) + body, 'latin1'), ...sectionOf(fields), content };
}

/** JSON that a file holds coded. */
function codedResponse({ octets, coding, file }) {
  const coded = readFileSync(file);
  const fields = [...cdnFields(new Random(0x53386a73), coded.length), ['Content-Encoding', coding]];
  const head = Buffer.from(headOf(fields), 'latin1');
  return { wire: Buffer.concat([head, coded]), ...sectionOf(fields), content: jsonOf(octets) };
}

function madeOf(name, body) {
  if (body !== undefined) return codedResponse(body);
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

const made = new Map();

/** The response of a scenario: { wire, fields, type, content }; made once. `body`: the file of its coded content, if it has one. */
export function canned({ response, body }) {
  if (!made.has(response)) made.set(response, madeOf(response, body));
  return made.get(response);
}

/** Head of a response with `octets` of content, which is PIECE again and again. */
export function bulkHead(octets) {
  return Buffer.from(headOf(smallFields(octets)), 'latin1');
}

/** What answers an upload: how many octets came. */
export function receiptFields(text) {
  return [
    ['Content-Type', 'text/plain'],
    ['Content-Length', String(text.length)],
  ];
}

/** Digest of `octets` of PIECE again and again. */
export function bulkDigest(octets) {
  const digest = new Digest(BULK_STRIDE);
  while (digest.octets < octets) digest.update(PIECE.subarray(0, octets - digest.octets));
  return digest.value;
}
