/** Whole responses: the heads of heads.mjs alone, and bodies framed by length and in chunks. */
import { jsonOf } from './contents.mjs';
import { headOf, heads, smallFields } from './heads.mjs';

const latin1 = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** `parts` one behind the other. */
export function joined(parts) {
  const octets = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    octets.set(part, at);
    at += part.length;
  }
  return octets;
}

function fixedMessage(content) {
  return joined([latin1(headOf(smallFields(content.length))), content]);
}

/** `content` in chunks of `chunkOctets`, with a chunk extension on each and a trailer field if `adorned`. */
function chunkedMessage(content, chunkOctets, adorned = false) {
  const fields = smallFields().filter(([name]) => name !== 'Content-Length');
  const parts = [latin1(headOf([...fields, ['Transfer-Encoding', 'chunked']]))];
  for (let at = 0; at < content.length; at += chunkOctets) {
    const chunk = content.subarray(at, at + chunkOctets);
    parts.push(latin1(`${chunk.length.toString(16)}${adorned ? ';at=1' : ''}\r\n`), chunk, latin1('\r\n'));
  }
  parts.push(latin1(adorned ? '0\r\nX-Checksum: 9b74c989\r\n\r\n' : '0\r\n\r\n'));
  return joined(parts);
}

/** Messages with what a client must find in them. */
export function messages() {
  const small = jsonOf(4096);
  const large = jsonOf(262144);
  return [
    ...heads().map(([name, text]) => ({ name, octets: latin1(text), contentOctets: 0 })),
    { name: 'body of 4 KB, fixed length', octets: fixedMessage(small), contentOctets: 4096 },
    { name: 'body of 256 KB, fixed length', octets: fixedMessage(large), contentOctets: 262144 },
    { name: 'body of 4 KB in chunks of 32', octets: chunkedMessage(small, 32), contentOctets: 4096 },
    {
      name: 'body of 64 KB in chunks of 4 KB',
      octets: chunkedMessage(large.subarray(0, 65536), 4096),
      contentOctets: 65536,
    },
    {
      name: 'the same, extensions and trailer',
      octets: chunkedMessage(large.subarray(0, 65536), 4096, true),
      contentOctets: 65536,
    },
  ];
}
