/**
 * What the command line only names, read: files, standard input, a password. And what it says, as options of a request.
 */
import { Buffer } from 'node:buffer';
import { createReadStream, openAsBlob } from 'node:fs';
import { access, constants, readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { BodyCallOptions, RequestContent } from '../index.js';
import type { Pair, Settings } from './arguments.js';
import { compacted } from './json-text.js';
import { EXIT_INTERRUPTED, type InputStream, Stopped, type System, UsageError } from './system.js';

/** A request, ready to be sent. */
export interface Call {
  readonly method: string;
  readonly options: BodyCallOptions;
}

/** Octets of standard input up to which its end is awaited, so that the body has a length and can be sent twice. */
const BUFFERED_OCTETS_MAX = 1024 * 1024;

type HeaderPair = readonly [name: string, value: string | Uint8Array];

const encoder = new TextEncoder();

/** What is asked for, everything read that it names. @throws UsageError, Stopped */
export async function readCall(settings: Settings, system: System): Promise<Call> {
  const { method, params, content, data, files, json, auth, followRedirects } = settings;
  const headers: HeaderPair[] = settings.headers.map(([name, value]) => [name, headerValue(value)]);
  if (settings.cookies.length > 0) headers.push(['Cookie', cookieValue(settings.cookies)]);
  const hasBody = (content !== null && content !== '') || data.length > 0 || files.length > 0 || json !== null;
  return {
    method: method ?? (hasBody ? 'POST' : 'GET'),
    options: {
      headers,
      followRedirects,
      ...(auth !== null ? { auth: [auth[0], auth[1] === '-' ? await askPassword(system) : auth[1]] } : {}),
      ...(params.length > 0 ? { params } : {}),
      ...(content !== null ? { content: content === '-' ? await contentOf(system.stdin()) : content } : {}),
      ...(data.length > 0 ? { data: new URLSearchParams(data as [string, string][]) } : {}),
      ...(files.length > 0 ? { files: await Promise.all(files.map((file) => filePair(file, system))) } : {}),
      ...(json !== null ? { content: jsonContent(json === '-' ? await textOf(system.stdin()) : json, headers) } : {}),
    },
  };
}

/** ASCII as it is; all else as UTF-8, as the terminal that it was typed in has it. */
function headerValue(value: string): string | Uint8Array {
  return /[^\x20-\x7e]/.test(value) ? encoder.encode(value) : value;
}

/** Names and values that a Cookie header cannot carry (RFC 6265 §4.2.1, without its quarrel with spaces and commas). */
const NO_COOKIE_NAME = /^$|[^\x21-\x7e]|[;=,"]/;
const NO_COOKIE_VALUE = /[^\x20-\x7e]|;/;

/** Of cookies with one name the last counts, as in a jar. */
function cookieValue(cookies: readonly Pair[]): string {
  for (const [name, value] of cookies) {
    if (NO_COOKIE_NAME.test(name))
      throw new UsageError(`Cannot send a cookie: ${JSON.stringify(name)} is no name of one`);
    if (NO_COOKIE_VALUE.test(value)) {
      throw new UsageError(`Cannot send cookie ${name}: its value must be ASCII without control characters and ';'`);
    }
  }
  return [...new Map(cookies)].map(([name, value]) => `${name}=${value}`).join('; ');
}

/** A JSON text as the body: compact, its numbers as they were spelled. Adds the headers that announce it. */
function jsonContent(text: string, headers: HeaderPair[]): Uint8Array {
  let octets: Uint8Array;
  try {
    octets = encoder.encode(compacted(text));
  } catch (error) {
    const [, at] = / at (position \d+)/.exec((error as Error).message) ?? [];
    throw new UsageError(`Cannot read --json: it is not JSON${at === undefined ? '' : ` (${at})`}`);
  }
  const given = new Set(headers.map(([name]) => name.toLowerCase()));
  if (!given.has('content-length')) headers.push(['Content-Length', String(octets.length)]);
  if (!given.has('content-type')) headers.push(['Content-Type', 'application/json']);
  return octets;
}

/** All of standard input, as text. @throws UsageError: what is not UTF-8 would be sent as something else */
async function textOf(stdin: InputStream): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stdin) pieces.push(piece as Uint8Array);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(pieces));
  } catch {
    throw new UsageError('Cannot read --json: standard input is not UTF-8');
  }
}

/** A file of a form: the field, and name and content of the file. Nothing of it is read before it is sent. */
async function filePair([field, path]: Pair, system: System): Promise<[string, [string, RequestContent]]> {
  return path === '-' ? [field, ['stdin', system.stdin()]] : [field, [basename(path), await fileContent(path)]];
}

/** @throws UsageError for what cannot be read */
async function fileContent(path: string): Promise<RequestContent> {
  try {
    const about = await stat(path);
    await access(path, constants.R_OK);
    if (about.isDirectory()) throw new Error('it is a directory');
    // A pipe or a device: its length is known when it has ended.
    if (!about.isFile()) return createReadStream(path);
    // What says that it is empty may be one that the system makes up when it is read.
    return about.size === 0 ? await readFile(path) : await openAsBlob(path);
  } catch (error) {
    throw new UsageError(`Cannot send file ${JSON.stringify(path)}: ${(error as Error).message}`);
  }
}

/** Standard input as a body: its octets if they are few, else a stream of them. */
async function contentOf(stdin: InputStream): Promise<Uint8Array | AsyncIterable<Uint8Array>> {
  const pieces: Uint8Array[] = [];
  let octets = 0;
  const rest: AsyncIterator<Uint8Array> = stdin[Symbol.asyncIterator]();
  while (octets <= BUFFERED_OCTETS_MAX) {
    const { done, value } = await rest.next();
    if (done === true) return Buffer.concat(pieces);
    pieces.push(value);
    octets += value.length;
  }
  return following(pieces, rest);
}

async function* following(pieces: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/**
 * A password, asked for on standard error and not shown; the first line of standard input where that is no terminal.
 * @throws UsageError, and what the signal was aborted with: a line reader never hears that its input was destroyed
 */
function askPassword(system: System): Promise<string> {
  const { stderr, signal } = system;
  const stdin = system.stdin();
  const isTerminal = stdin.isTTY === true;
  const unseen = new Writable({ write: (_piece, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: unseen, terminal: isTerminal, historySize: 0 });
  return new Promise<string>((resolve, reject) => {
    if (isTerminal) stderr.write('Password: ');
    lines.once('line', (line) => {
      // Stands for octets that the reader could not decode: the password would be another one.
      if (line.includes('\ufffd')) reject(new UsageError('Cannot read the password: standard input is not UTF-8'));
      else resolve(line);
    });
    lines.once('SIGINT', () => reject(new Stopped(EXIT_INTERRUPTED)));
    lines.once('close', () => reject(new UsageError('Cannot read the password: standard input has ended')));
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  }).finally(() => {
    if (isTerminal) stderr.write('\n');
    lines.close();
  });
}
