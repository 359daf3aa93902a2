/**
 * line_decoder.json, text_decoder.json and chunker.json of vectors/httpx: what a body is piece by piece, of a response that
 * is streamed to either client.
 */
import { isKnown } from '../../src/charsets.js';
import { MockTransport, Response } from '../../src/index.js';
import { LineDecoder, TextPieces } from '../../src/text.js';
import { type AnyResponse, type ClientKind, clients } from '../support/clients.js';
import {
  allOf,
  answerInTheEnd,
  base64,
  type Difference,
  describeFile,
  isRecord,
  octetsOf,
  type ValueCase,
} from './httpx-values.js';

type Input = Readonly<Record<string, unknown>>;

const octetsOfText = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const piecesIn = (input: Input): Uint8Array<ArrayBuffer>[] => (input.chunks_b64 as readonly string[]).map(octetsOf);
const sizeIn = (input: Input): number | undefined => input.chunk_size as number | undefined;

/** A response that is still to be read, its body in these pieces. */
async function streamed(
  kind: ClientKind,
  pieces: readonly Uint8Array[],
  defaultEncoding?: string,
): Promise<AnyResponse> {
  const transport = new MockTransport(() => new Response(200, { stream: kind.pieces(pieces) }));
  return kind.open({ transport, defaultEncoding }).stream('GET', 'https://example.org/');
}

async function lines({ input }: ValueCase, kind: ClientKind): Promise<unknown> {
  const chunks = input.chunks as readonly string[];
  const decoder = new LineDecoder();
  const perChunk = chunks.map((chunk) => decoder.decode(chunk));
  const flush = decoder.flush();
  return {
    per_chunk: perChunk,
    flush,
    lines: [...perChunk.flat(), ...flush],
    iter_lines: await allOf(kind.lines(await streamed(kind, chunks.map(octetsOfText)))),
  };
}

async function text({ input }: ValueCase, kind: ClientKind): Promise<unknown> {
  const [pieces, encoding] = [piecesIn(input), String(input.encoding)];
  const response = await streamed(kind, pieces, encoding);
  const iterText = await allOf(kind.text(response, sizeIn(input)));
  const whole = new Response(200, { content: Buffer.concat(pieces), defaultEncoding: encoding });
  const decoder = new TextPieces(encoding, null);
  const perChunk = pieces.map((piece) => {
    decoder.give(piece);
    return decoder.take() ?? '';
  });
  decoder.end();
  return { per_chunk: perChunk, flush: decoder.take() ?? '', iter_text: iterText, text: whole.text };
}

async function chunks({ input }: ValueCase, kind: ClientKind): Promise<unknown> {
  if (input.kind === 'text') return textChunks(input);
  const [pieces, size] = [piecesIn(input), sizeIn(input)];
  const all = async (iterated: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) => (await allOf(iterated)).map(base64);
  return {
    iter_bytes: await answerInTheEnd(async () => all(kind.bytes(await streamed(kind, pieces), size))),
    iter_raw: await answerInTheEnd(async () => all(kind.raw(await streamed(kind, pieces), size))),
    iter_bytes_when_loaded: await answerInTheEnd(() =>
      all(kind.bytes(new Response(200, { content: Buffer.concat(pieces) }), size)),
    ),
  };
}

function textChunks(input: Input): unknown {
  const decoder = new TextPieces('utf-8', sizeIn(input) ?? null);
  const taken = (): string[] => {
    const found: string[] = [];
    for (let piece = decoder.take(); piece !== null; piece = decoder.take()) found.push(piece);
    return found;
  };
  const perChunk = (input.chunks as readonly string[]).map((chunk) => {
    decoder.give(octetsOfText(chunk));
    return taken();
  });
  decoder.end();
  return { per_chunk: perChunk, flush: taken() };
}

/** Octets are cut as they are read: there is no decoder that is fed piece by piece. */
function withoutDecoder(expected: unknown, { input }: ValueCase): unknown {
  if (input.kind === 'text' || !isRecord(expected)) return expected;
  const { per_chunk: _, flush: _flush, ...rest } = expected;
  return rest;
}

const wholeOf = (input: Input): Buffer => Buffer.concat(piecesIn(input));
const MARK = Buffer.of(0xef, 0xbb, 0xbf);

/** A piece ends behind the first two octets of a surrogate, which are no beginning of a sequence. */
function isCutInSurrogate(input: Input): boolean {
  const whole = wholeOf(input);
  const ends = piecesIn(input).map((_, at, all) => all.slice(0, at + 1).reduce((sum, { length }) => sum + length, 0));
  return ends.some((end) => whole[end - 2] === 0xed && (whole[end - 1] ?? 0) >= 0xa0 && end < whole.length);
}

const ENCODINGS: readonly Difference[] = [
  {
    overruledBy: 'HTTPX § 4: bad octets are replaced; a byte-order mark that is cut short is not dropped',
    applies: ({ input }) => {
      const whole = wholeOf(input);
      const isBegun = whole.length > 0 && whole.length < 3 && whole.equals(MARK.subarray(0, whole.length));
      return input.encoding === 'utf-8-sig' && isBegun;
    },
  },
  {
    overruledBy: "Issue 5: TextDecoder's labels; WHATWG Encoding has no UTF-7, since text in it hides markup",
    applies: ({ input }) => !isKnown(String(input.encoding)),
  },
  {
    overruledBy:
      'WHATWG Encoding § 8.1.1: what can begin no sequence is replaced at once, not with the octets behind it',
    applies: ({ input }) => input.encoding === 'utf-8' && isCutInSurrogate(input),
  },
];

for (const kind of clients) {
  describeFile('line_decoder', (each) => lines(each, kind), [], undefined, undefined, kind.name);
  describeFile('text_decoder', (each) => text(each, kind), ENCODINGS, undefined, undefined, kind.name);
  describeFile('chunker', (each) => chunks(each, kind), [], withoutDecoder, undefined, kind.name);
}
