/**
 * stream_state.json of vectors/httpx: what requests and responses allow in which state, operation by operation. Where a case
 * is of no client in particular, both ways of reading are tried.
 */
import { Request, type RequestFiles, type RequestOptions, Response, type ResponseOptions } from '../../src/index.js';
import { type AnyResponse, type ClientKind, clients, type Pieces } from '../support/clients.js';
import {
  allOf,
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
interface Operation {
  readonly op: string;
  readonly chunk_size?: number;
  readonly take?: number;
  readonly value?: string;
  readonly url?: string;
}
interface StateCase extends ValueCase {
  readonly input: {
    readonly object: 'request' | 'response';
    readonly request?: Input;
    readonly response?: Input;
    readonly async?: boolean;
    readonly ops: readonly (string | Operation)[];
  };
}

const octetsIn = (list: unknown): Uint8Array<ArrayBuffer>[] => (list as readonly string[]).map(octetsOf);

function* atOnce(list: unknown): Generator<Uint8Array> {
  yield* octetsIn(list);
}
async function* later(list: unknown): AsyncGenerator<Uint8Array> {
  yield* octetsIn(list);
}

/** What bodies are made of here. A file that is read at once is an iterable of octets: once as content, again as a form's. */
function tagsFor(isAsync: boolean): Readonly<Record<string, (value: unknown) => unknown>> {
  return {
    $b64: (value) => octetsOf(String(value)),
    $iter: isAsync ? later : atOnce,
    $iterable: (list) => ({ [Symbol.iterator]: () => atOnce(list) }),
    $bytes_list: octetsIn,
    $file: (file) => atOnce([(file as { b64: string }).b64]),
  };
}

/** Up to `take` of the pieces: then the iterator is dropped, without a word to it. */
async function taken<T>(pieces: Pieces<T>, take = Number.POSITIVE_INFINITY): Promise<T[]> {
  const all: T[] = [];
  for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) {
    all.push(next.value);
    if (all.length >= take) break;
  }
  return all;
}

/** How a response is read where it does not matter: by the case's own client, else by `kind`'s. */
type Reads = Readonly<Record<string, (response: Response, operation: Operation) => unknown>>;

function readsOf(kind: ClientKind): Reads {
  const as = (response: Response): AnyResponse => response as AnyResponse;
  return {
    read: async (response) => base64(await kind.read(as(response))),
    iter_bytes: async (response, { chunk_size, take }) =>
      (await taken(kind.bytes(as(response), chunk_size), take)).map(base64),
    iter_raw: async (response, { chunk_size, take }) =>
      (await taken(kind.raw(as(response), chunk_size), take)).map(base64),
    iter_text: (response, { chunk_size, take }) => taken(kind.text(as(response), chunk_size), take),
    iter_lines: (response, { take }) => taken(kind.lines(as(response)), take),
    close: async (response) => void (await kind.close(as(response))),
  };
}

const STATES: Reads = {
  content: ({ content }) => base64(content),
  text: ({ text }) => text,
  json: (response) => response.json(),
  encoding: ({ encoding }) => encoding,
  charset_encoding: ({ charsetEncoding }) => charsetEncoding,
  is_closed: ({ isClosed }) => isClosed,
  is_stream_consumed: ({ isStreamConsumed }) => isStreamConsumed,
  num_bytes_downloaded: ({ numBytesDownloaded }) => numBytesDownloaded,
  elapsed: ({ elapsedMs }) => (typeof elapsedMs === 'number' ? 'present' : 'absent'),
  request: ({ request }) => (request instanceof Request ? 'present' : 'absent'),
  url: ({ url }) => (String(url) === '' ? 'absent' : 'present'),
  repr: (response) => String(response),
  set_encoding: (response, { value = '' }) => {
    response.encoding = value;
    return null;
  },
  set_request: (response, { url = '' }) => {
    response.request = new Request('GET', url);
    return null;
  },
  raise_for_status: (response) => (response.raiseForStatus() === response ? 'returned self' : 'returned another'),
};

const REQUESTS: Readonly<Record<string, (request: Request) => unknown>> = {
  content: ({ content }) => base64(content),
  read: (request) => base64(request.read()),
  aread: async (request) => base64(await request.aread()),
  stream: ({ stream }) => [...stream].map(base64),
  astream: async ({ stream }) =>
    (await allOf<Uint8Array>({ [Symbol.asyncIterator]: () => stream[Symbol.asyncIterator]() })).map(base64),
  headers: ({ headers }) => headers.raw.map((field) => field.map(latin1)),
  repr: ({ method, url }) => `<Request('${method}', '${url}')>`,
};

const FORM_TAGS = { $file: (file: unknown) => ({ [Symbol.iterator]: () => atOnce([(file as { b64: string }).b64]) }) };

/** How a form is cut into pieces is nobody's promise: what matters is their octets. */
function inOnePiece(answer: unknown, request: Input | undefined): unknown {
  if (request?.files === undefined || !isRecord(answer)) return answer;
  const whole = (result: unknown): unknown =>
    Array.isArray(result) && typeof result[0] === 'string' ? base64(Buffer.concat(octetsIn(result))) : result;
  return { results: (answer.results as readonly unknown[]).map(whole) };
}

const operationOf = (op: string | Operation): Operation => (typeof op === 'string' ? { op } : op);

async function play({ input }: StateCase, kind: ClientKind): Promise<unknown> {
  const isAsync = input.async === true || (input.async === undefined && kind.name === 'AsyncClient');
  const tags = tagsFor(isAsync);
  const results: unknown[] = [];
  if (input.object === 'request') {
    const { method, url, files, ...rest } = input.request ?? {};
    const request = new Request(String(method), String(url), {
      ...(given(rest, tagsFor(input.async === true)) as RequestOptions),
      ...(files !== undefined && { files: given(files, FORM_TAGS) as RequestFiles }),
    });
    for (const op of input.ops) results.push(await answerInTheEnd(() => REQUESTS[operationOf(op).op]?.(request)));
    return inOnePiece({ results }, input.request);
  }
  const { status = 200, request, stream, headers, ...rest } = input.response ?? {};
  const response = new Response(Number(status), {
    ...(given(rest, tags) as ResponseOptions),
    headers: given(headers, tags) as Record<string, string>,
    ...(stream !== undefined && { stream: isAsync ? later(stream) : atOnce(stream) }),
    ...(isRecord(request) && { request: new Request(String(request.method), String(request.url)) }),
  });
  const [asynchronous, blocking] = clients.map(readsOf) as [Reads, Reads];
  for (const op of input.ops) {
    const operation = operationOf(op);
    const name = operation.op.replace(/^a(?=read|iter|close)/, '');
    const reads = operation.op !== name ? asynchronous : isAsync ? asynchronous : blocking;
    const ask = STATES[operation.op] ?? reads[name];
    results.push(await answerInTheEnd(async () => (await ask?.(response, operation)) ?? null));
  }
  return { results };
}

const has = (given: unknown, name: string): boolean => isRecord(given) && name in given;
const isOfIterable = ({ content }: Input): boolean =>
  isRecord(content) && ('$iter' in content || '$bytes_list' in content);

const DIFFERENCES: readonly Difference<StateCase>[] = [
  {
    overruledBy:
      'API, Bodies: an asynchronous reader takes iterables of either kind; only Client refuses the other one',
    applies: ({ input }) => {
      const names = input.ops.map((op) => operationOf(op).op);
      const read = names.indexOf('read');
      const unread = read < 0 ? names : names.slice(0, read);
      const isOther = names.includes('aclose') || unread.some((name) => /^a(?:read|iter)/.test(name));
      return input.async !== true && isOfIterable(input.response ?? {}) && isOther;
    },
  },
  {
    overruledBy: 'HTTPX § 3: file objects are not rewound for content; here the second reading is StreamConsumed',
    applies: ({ input }) =>
      has(input.request?.content, '$file') &&
      /^(?:a?stream,)+(?:a?stream|a?read)/.test(input.ops.map((op) => operationOf(op).op).join()),
  },
];

const comparable = (expected: unknown, { input }: StateCase): unknown => inOnePiece(expected, input.request);

for (const kind of clients) {
  describeFile<StateCase>('stream_state', (each) => play(each, kind), DIFFERENCES, comparable, undefined, kind.name);
}
