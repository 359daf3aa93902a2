/** response_props.json of vectors/httpx: responses made by hand, and what they say of themselves. */
import { decoderOf, isKnown } from '../../src/charsets.js';
import { type HeaderTypes, Request, Response } from '../../src/index.js';
import { type AnyResponse, type ClientKind, clients } from '../support/clients.js';
import {
  answerInTheEnd,
  base64,
  type Difference,
  describeFile,
  given,
  isRecord,
  latin1,
  octetsOf,
  type ValueCase,
} from './httpx-values.js';

type Input = Readonly<Record<string, unknown>>;
interface PropsCase extends ValueCase {
  readonly input: { readonly response: Input; readonly read?: boolean; readonly want?: readonly string[] };
}

/** Pieces of a body, in a generator such as the client takes; `async`: in one that only an event loop can read. */
function* generated(pieces: unknown): Generator<Uint8Array> {
  yield* (pieces as readonly string[]).map(octetsOf);
}
async function* generatedLater(pieces: unknown): AsyncGenerator<Uint8Array> {
  yield* generated(pieces);
}

/** Tags of this file. */
const TAGS: Readonly<Record<string, (value: unknown) => unknown>> = {
  $b64: (value) => octetsOf(String(value)),
  $iter: generated,
  $sync_iter: generated,
  $async_iter: generatedLater,
  $callable_returning: (value) => () => value,
};

/** What httpx's extensions are here: text in camel case. */
function extensionsOf(extensions: unknown): Input | null {
  if (!isRecord(extensions)) return null;
  const { http_version, reason_phrase } = given(extensions) as Readonly<Record<string, Uint8Array>>;
  return {
    ...(http_version && { httpVersion: latin1(http_version) }),
    ...(reason_phrase && { reasonPhrase: latin1(reason_phrase) }),
  };
}

function made(input: Input): Response {
  const { status = 200, headers, request, extensions, default_encoding, set_encoding, stream, ...body } = input;
  const response = new Response(Number(status), {
    ...(given(body, TAGS) as object),
    ...(stream !== undefined && { stream: generated(stream) }),
    headers: (given(headers, TAGS) ?? null) as HeaderTypes,
    request: isRecord(request) ? new Request(String(request.method), String(request.url)) : null,
    extensions: extensionsOf(extensions),
    defaultEncoding: given(default_encoding, TAGS) as string | undefined,
  });
  if (set_encoding !== undefined) response.encoding = String(set_encoding);
  return response;
}

const pairs = (record: object): unknown => Object.entries(record);

const WANTED: Readonly<Record<string, (response: Response) => unknown>> = {
  status_code: ({ statusCode }) => statusCode,
  reason_phrase: ({ reasonPhrase }) => reasonPhrase,
  http_version: ({ httpVersion }) => httpVersion,
  url: ({ url }) => String(url),
  request: ({ request }) => `<Request('${request.method}', '${request.url}')>`,
  headers: ({ headers }) => headers.raw.map((field) => field.map(latin1)),
  content_b64: ({ content }) => base64(content),
  text: ({ text }) => text,
  // Numbers compare numerically: -0 is 0.
  json: (response) => (response.json() === 0 ? 0 : response.json()),
  encoding: ({ encoding }) => encoding,
  charset_encoding: ({ charsetEncoding }) => charsetEncoding,
  links: ({ links }) => Object.entries(links).map(([name, link]) => [name, pairs(link)]),
  cookies: ({ cookies }) => [...cookies.items()],
  history: ({ history }) => history.length,
  next_request: ({ nextRequest }) => nextRequest,
  elapsed: ({ elapsedMs }) => elapsedMs,
  is_closed: ({ isClosed }) => isClosed,
  is_stream_consumed: ({ isStreamConsumed }) => isStreamConsumed,
  num_bytes_downloaded: ({ numBytesDownloaded }) => numBytesDownloaded,
  is_informational: ({ isInformational }) => isInformational,
  is_success: ({ isSuccess }) => isSuccess,
  is_redirect: ({ isRedirect }) => isRedirect,
  is_client_error: ({ isClientError }) => isClientError,
  is_server_error: ({ isServerError }) => isServerError,
  is_error: ({ isError }) => isError,
  has_redirect_location: ({ hasRedirectLocation }) => hasRedirectLocation,
  raise_for_status: (response) => (response.raiseForStatus() === response ? 'returned self' : 'returned another'),
  repr: (response) => String(response),
};

async function play({ input, expected }: PropsCase, kind: ClientKind): Promise<unknown> {
  const response = made(input.response);
  if (input.read === true) await kind.read(response as AnyResponse);
  const names = input.want ?? (isRecord(expected) ? Object.keys(expected) : []);
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await answerInTheEnd(() => WANTED[name]?.(response))])),
  );
}

/** The charset that a case names in its Content-Type. */
const charsetIn = ({ input }: PropsCase): string =>
  /charset="?([^;"]*)/i
    .exec(JSON.stringify(input.response.headers ?? null).replaceAll('\\"', ''))?.[1]
    ?.replace(/["\]}\s]+$/, '') ?? '';
const ofCase = ({ expected }: PropsCase): Input => (isRecord(expected) ? expected : {});

/** Python knows the encoding and WHATWG does not, or the other way round. */
function isKnownToOne(each: PropsCase): boolean {
  const charset = charsetIn(each).toLowerCase();
  const { encoding } = ofCase(each);
  if (charset === '' || encoding === undefined || each.input.response.set_encoding !== undefined) return false;
  return isKnown(charset) !== (encoding === charset);
}

/** ICU, and with it Node.js, does not decode these as the standard does: EUC-KR is cp949, and 0xaa no Greek. */
function isOfRuntime(each: PropsCase): boolean {
  const charset = charsetIn(each).toLowerCase();
  const text = String(ofCase(each).text);
  if (/^(?:cp|windows-)1253$/.test(charset)) return text.length === 256 && decoded(charset, 0xaa) !== '\ufffd';
  return charset === 'cp949' && text.includes('\ub620') && decoded(charset, 0x8c, 0x63) !== '\ub620';
}
const decoded = (charset: string, ...octets: number[]): string => decoderOf(charset).decode(Uint8Array.from(octets));

const cookieFields = ({ input }: PropsCase): string[] =>
  (Array.isArray(input.response.headers) ? (input.response.headers as [unknown, unknown][]) : [])
    .filter(([name]) => String(name).toLowerCase() === 'set-cookie')
    .map(([, value]) => String(value));

const DIFFERENCES: readonly Difference<PropsCase>[] = [
  {
    overruledBy: "Issue 5: charset selection by TextDecoder's labels, and tables of our own for four",
    applies: (each) => isKnownToOne(each) || isOfRuntime(each),
  },
  {
    overruledBy:
      'HTTPX § 24.11: utf-16 without a byte-order mark is an error outside the tree; WHATWG Encoding: little-endian',
    applies: (each) => /^utf-?(?:16|32)$/i.test(String(ofCase(each).encoding)) && isRecord(ofCase(each).text),
  },
  {
    overruledBy: 'RFC 6265bis § 5.6: a cookie without a name is one',
    applies: (each) => cookieFields(each).some((value) => /^(?:=|[^=;]*(?:;|$))/.test(value)),
  },
];

for (const kind of clients) {
  describeFile<PropsCase>('response_props', (each) => play(each, kind), DIFFERENCES, undefined, undefined, kind.name);
}
