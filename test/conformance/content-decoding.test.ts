/**
 * content_decoding.json of vectors/httpx against both clients: over sockets, and with responses made by hand, whose pieces
 * are those of the vector. What is answered differently stands in content-decoding-deviations.ts with what overrules the
 * vector; everything else must be as httpx has it.
 */
import { describe, expect, test } from 'vitest';
import * as httpx from '../../src/index.js';
import { type AnyClient, type AnyResponse, type ClientKind, clients } from '../support/clients.js';
import { dialogue } from '../support/dialogue.js';
import { serve } from '../support/scripted-server.js';
import { httpxCases, withoutShared } from '../support/shared.js';
import { type DecodingCase, deviations, instead, type Outcome } from './content-decoding-deviations.js';

const cases = httpxCases<DecodingCase>('content_decoding');

/** A client that answers each call with the next response of a case, as a stream. */
type Source = (kind: ClientKind, one: DecodingCase) => Promise<() => Promise<AnyResponse>>;

const piecesOf = (one: DecodingCase): Buffer[] => one.input.chunks_b64.map((chunk) => Buffer.from(chunk, 'base64'));
const headersOf = (one: DecodingCase): [string, string][] =>
  one.input.content_encoding.map((value) => ['Content-Encoding', value]);

const streamed = async (client: AnyClient, url: string): Promise<AnyResponse> => client.stream('GET', url);

const overSockets: Source = async (kind, one) => {
  const fields = headersOf(one).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n${fields.join('')}\r\n`;
  const chunks = piecesOf(one)
    .filter(({ length }) => length > 0)
    .flatMap((piece) => [Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]);
  const said = Buffer.concat([Buffer.from(head, 'latin1'), ...chunks, Buffer.from('0\r\n\r\n')]);
  const server = await serve(dialogue().hear().say(said), { repeatLast: true });
  const client = kind.open();
  return () => streamed(client, server.url);
};

/** The response of a mock, handed out by each kind of client. */
const byHand: Source = async (kind, one) => {
  const transport = new httpx.MockTransport(
    () => new httpx.Response(200, { headers: headersOf(one), stream: piecesOf(one) }),
  );
  const client = kind.name === 'AsyncClient' ? new httpx.AsyncClient({ transport }) : new httpx.Client({ transport });
  return () => streamed(client, 'http://mock.invalid/');
};

const text = (pieces: readonly Uint8Array[]): string => Buffer.concat(pieces).toString('base64');
const failure = (error: unknown): Outcome['read'] => ({
  $error: { type: (error as Error).name, module: error instanceof httpx.HTTPError ? 'httpx' : 'other' },
});

async function outcomeOf(kind: ClientKind, next: () => Promise<AnyResponse>): Promise<Outcome> {
  let read: Outcome['read'];
  const whole = await next();
  try {
    const content = await kind.read(whole);
    read = { content_b64: text([content]), num_bytes_downloaded: whole.numBytesDownloaded };
  } catch (error) {
    read = failure(error);
  }
  const raw: Uint8Array[] = [];
  for await (const piece of kind.raw(await next())) raw.push(piece);
  const decoded: Uint8Array[] = [];
  try {
    for await (const piece of kind.bytes(await next())) decoded.push(piece);
  } catch {
    // What failed is told by `read`.
  }
  return { read, iter_raw_b64: text(raw), decoded_before_error_b64: text(decoded) };
}

/** httpx's words are zlib's. A response that was never sent counts nothing. */
function comparable({ read, ...rest }: Outcome, counts: boolean): Outcome {
  if ('$error' in read) {
    const { type, module } = read.$error;
    return { read: { $error: { type, module } }, ...rest };
  }
  const downloaded = counts ? read.num_bytes_downloaded : 0;
  return { read: { ...read, num_bytes_downloaded: downloaded }, ...rest };
}

const used = new Set<string>();
const sources = [
  { source: 'over sockets', of: overSockets, counts: true },
  { source: 'made by hand', of: byHand, counts: false },
];

describe.skipIf(cases === null).each(clients)(`$name ${cases === null ? withoutShared : ''}`, (kind) => {
  describe.each(sources)('$source', ({ of, counts }) => {
    test.each((cases ?? []).map((one) => [one.id, one.note ?? '', one] as const))('%s %s', async (_id, _note, one) => {
      const expected = comparable(one.expected, counts);
      const ours = comparable(await outcomeOf(kind, await of(kind, one)), counts);
      const other = instead(one);
      if (other === null) {
        expect(ours).toEqual(expected);
        return;
      }
      const { why, outcome } = other;
      used.add(why.overruledBy);
      const awaited = comparable(outcome, counts);
      expect(awaited, `a deviation that deviates in nothing: ${why.overruledBy}`).not.toEqual(expected);
      expect(ours, why.overruledBy).toEqual(awaited);
    });
  });
});

test.skipIf(cases === null)('every deviation is for cases that are there', () => {
  const known = new Set((cases ?? []).map(({ id }) => id.slice(id.lastIndexOf('/') + 1)));
  expect(deviations.flatMap((deviation) => Object.keys(deviation.cases)).filter((hash) => !known.has(hash))).toEqual(
    [],
  );
  expect(deviations.map(({ overruledBy }) => overruledBy).filter((line) => !used.has(line))).toEqual([]);
});
