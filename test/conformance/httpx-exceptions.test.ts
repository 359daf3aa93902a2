/** exceptions.json of vectors/httpx: the tree, what instances hold, and what a caller sees of what a transport throws. */
import * as httpx from '../../src/index.js';
import { describeFile, isRecord, type ValueCase } from './httpx-values.js';

interface ErrorCase extends ValueCase {
  readonly input: {
    readonly op: string;
    readonly name?: string;
    readonly of?: string;
    readonly args?: readonly string[];
    readonly with_request?: boolean;
  };
}
type ErrorClass = new (message?: string, options?: object) => Error & { request?: httpx.Request; response?: unknown };

const classOf = (name: string): ErrorClass => {
  const found = (httpx as unknown as Readonly<Record<string, unknown>>)[name];
  if (typeof found !== 'function') throw new ReferenceError(name);
  return found as ErrorClass;
};

/** Names from a class up to, and without, Error. */
function lineOf(of: ErrorClass): string[] {
  const names: string[] = [];
  for (let each = of; each !== (Error as unknown); each = Object.getPrototypeOf(each)) names.push(each.name);
  return names;
}

function constructed({ name = '', args = [], with_request }: ErrorCase['input']): unknown {
  const request = new httpx.Request('GET', 'https://example.org/');
  const error = new (classOf(name))(args[0], with_request === true ? { request } : undefined);
  let of: unknown = 'no attribute';
  if ('request' in error) {
    try {
      of = String(error.request?.url);
    } catch {
      of = { $error: 'any error' };
    }
  }
  return {
    message: args.length > 0 ? error.message : error.message !== '',
    request: of,
    response: error.response ?? 'no attribute',
  };
}

/** Thrown by a transport, blocking so that the answer is there at once. */
function raised({ name = '' }: ErrorCase['input']): unknown {
  const thrown = new (classOf(name))('boom');
  const transport = new httpx.MockTransport(() => {
    throw thrown;
  });
  try {
    new httpx.Client({ transport }).get('https://example.org/path');
    return null;
  } catch (error) {
    const { message, request } = error as Error & { request: httpx.Request };
    return { name: error === thrown ? thrown.name : null, message, request_url: String(request.url) };
  }
}

const isError = (value: unknown): boolean => typeof value === 'function' && value.prototype instanceof Error;

function play({ input }: ErrorCase): unknown {
  switch (input.op) {
    case 'all_names':
      return {
        names: Object.keys(httpx)
          .filter((name) => isError(Reflect.get(httpx, name)))
          .sort(),
      };
    case 'is_subclass':
      return { result: lineOf(classOf(input.name ?? '')).includes(input.of ?? '') };
    case 'class': {
      const line = lineOf(classOf(input.name ?? ''));
      return { mro: line, bases: line.slice(1, 2) };
    }
    case 'construct':
      return constructed(input);
    case 'transport_raises':
      return raised(input);
    default:
      return null;
  }
}

/** In the terms of JavaScript: above the tree is Error alone; a class's own words are not httpx's. */
function comparable(expected: unknown, { input, expected: whole }: ErrorCase): unknown {
  if (!isRecord(expected)) return expected;
  const above = (names: unknown): unknown =>
    (names as string[]).filter((name) => !['RuntimeError', 'Exception', 'BaseException'].includes(name));
  if (input.op === 'class') return { mro: above(expected.mro), bases: above(expected.bases) };
  if (input.op === 'construct' && input.args === undefined) return { ...expected, message: expected.message !== '' };
  if (input.op === 'transport_raises') {
    const { type, message, request_url } = (whole as { $error: Record<string, string> }).$error;
    return { name: type, message, request_url };
  }
  // Which fault of a socket becomes which class is held by test/client/network.test.ts: there is no httpcore here.
  return input.op === 'map_httpcore' ? null : expected;
}

describeFile<ErrorCase>(
  'exceptions',
  play,
  [
    {
      overruledBy:
        'API, Errors: TotalTimeout and ClientClosed beyond the tree; LoadError, since httpx is never without a part',
      applies: ({ input }) => input.op === 'all_names',
    },
  ],
  comparable,
);
