// The public cases, from ../shared, in the form that goes to a host.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

/** The folder of what is shared between projects. */
export const shared = process.env.HTTPX_WASM_SHARED ?? fileURLToPath(new URL('../../../../shared', import.meta.url));
const read = new Map();
/** Names of the codings there, as `decode` knows them. zlib alone is no coding of HTTP. */
const CODINGS = { gzip: 'gzip', 'raw-deflate': 'deflate-raw', 'http-deflate': 'deflate', br: 'br', zstd: 'zstd' };
/** Larger ones take their time on hosts that cannot wait. An empty body is one without a coding, whatever a header says. */
const INPUT_OCTETS_MAX = 262_144;

function inputOf({ input_b64, input_gz_b64 }) {
  return input_b64 ?? gunzipSync(Buffer.from(input_gz_b64 ?? '', 'base64')).toString('base64');
}

function taken(name, cases) {
  if (!name.startsWith('coding-')) return cases;
  return cases
    .filter(
      ({ coding, expect }) => CODINGS[coding] !== undefined && expect.ok !== undefined && expect.policy === undefined,
    )
    .map((one) => ({ id: one.id, coding: CODINGS[one.coding], input_b64: inputOf(one), expect: one.expect }))
    .filter(({ input_b64: text }) => text !== '' && text.length < INPUT_OCTETS_MAX);
}

/** `{ cases }` of a file of protocol vectors; `null` if it is not there. */
export function vectorsOf(name) {
  if (!read.has(name)) {
    const path = `${shared}/vectors/protocol/${name}.json`;
    const cases = existsSync(path) ? taken(name, JSON.parse(readFileSync(path, 'utf8')).cases) : null;
    read.set(name, cases === null ? null : { cases });
  }
  return read.get(name);
}
