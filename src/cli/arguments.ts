/**
 * Words of the command line → what is asked for. `node:util` takes each word apart (groups of short options, attached
 * values); how many values an option takes, and that they are taken as they are, even '-x', is decided here: that is how
 * httpx reads them. Nothing is read or opened yet, and no message repeats a value that may be a secret.
 */
import { parseArgs } from 'node:util';
import { OF_CURL, OPTIONS, type OptionEntry, type OptionName } from './option-table.js';
import { UsageError } from './system.js';

/** A name with its value. */
export type Pair = readonly [name: string, value: string];

/** A request as the command line describes it. `null`: not given. */
export interface Settings {
  readonly url: string;
  readonly method: string | null;
  readonly params: readonly Pair[];
  readonly content: string | null;
  readonly data: readonly Pair[];
  /** Name of the field, path of the file. */
  readonly files: readonly Pair[];
  readonly json: string | null;
  readonly headers: readonly Pair[];
  readonly cookies: readonly Pair[];
  readonly auth: Pair | null;
  readonly proxy: string | null;
  readonly timeoutMs: number;
  readonly followRedirects: boolean;
  readonly verify: boolean;
  readonly http2: boolean;
  readonly download: string | null;
  readonly verbose: boolean;
}

/** What the command line asks for. */
export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'call'; readonly settings: Settings };

const ENTRIES = new Map<string, OptionEntry>(OPTIONS.map((entry) => [entry.name, entry]));
const SPELLINGS = Object.fromEntries(
  OPTIONS.map((entry) => [
    entry.name,
    {
      type: entry.values.length === 0 ? 'boolean' : 'string',
      ...(entry.short === undefined ? {} : { short: entry.short }),
    } as const,
  ]),
);

/** What was found among the words: the values of each option, occurrence by occurrence. */
class Found {
  readonly positionals: string[] = [];
  readonly #values = new Map<string, (readonly string[])[]>();

  add(name: string, values: readonly string[]): void {
    const list = this.#values.get(name) ?? [];
    list.push(values);
    this.#values.set(name, list);
  }

  has(name: OptionName): boolean {
    return this.#values.has(name);
  }

  /** The value of an option that takes one. */
  value(name: OptionName): string | null {
    return this.#values.get(name)?.at(-1)?.[0] ?? null;
  }

  /** The values of an option that takes two. */
  pairs(name: OptionName): Pair[] {
    return (this.#values.get(name) ?? []).map(([first = '', second = '']) => [first, second]);
  }
}

/** Sorts the words. @throws UsageError */
function found(words: readonly string[]): Found {
  const all = new Found();
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    const { tokens } = parseArgs({ args: [word], options: SPELLINGS, strict: false, tokens: true });
    for (const token of tokens) {
      if (token.kind === 'positional') all.positionals.push(token.value);
      else if (token.kind === 'option-terminator') {
        all.positionals.push(...words.slice(at + 1));
        return all;
      } else {
        const inline = token.inlineValue === true ? [token.value ?? ''] : [];
        const values = valuesOf(token.rawName, ENTRIES.get(token.name), inline, words.slice(at + 1));
        at += values.length - inline.length;
        all.add(token.name, values);
      }
    }
  }
  return all;
}

/** The values of one option: those attached to it, and as many of the words behind it as it still wants. */
function valuesOf(
  spelling: string,
  entry: OptionEntry | undefined,
  inline: readonly string[],
  behind: readonly string[],
): readonly string[] {
  if (entry === undefined) {
    const own = OF_CURL.get(spelling);
    const hint = own === undefined ? '' : `; what curl calls so is ${own} here`;
    throw new UsageError(`Cannot read the command line: there is no option ${JSON.stringify(spelling)}${hint}`);
  }
  const { values: wanted } = entry;
  if (inline.length > wanted.length) {
    throw new UsageError(`Cannot read the command line: option ${spelling} takes no value`);
  }
  const values = [...inline, ...behind.slice(0, wanted.length - inline.length)];
  if (values.length < wanted.length) {
    const takes = wanted.length > 1 ? `${wanted.join(' and ')} as two words` : wanted[0];
    const hint = entry.hint === undefined ? '' : `; ${entry.hint}`;
    throw new UsageError(
      `Cannot read the command line: option ${spelling} takes ${takes}, got ${values.length} of ${wanted.length}${hint}`,
    );
  }
  return values;
}

/** What the words ask for. @throws UsageError */
export function commandOf(words: readonly string[]): Command {
  const all = found(words);
  if (all.has('help')) return { kind: 'help' };
  if (all.has('version')) return { kind: 'version' };
  const [url, ...others] = all.positionals;
  if (url === undefined) throw new UsageError(`Cannot send a request: there is no URL${swallowedHint(all)}`);
  if (others.length > 0) {
    throw new UsageError(`Cannot send a request: expected one URL, got ${all.positionals.length} arguments`);
  }
  const settings: Settings = {
    url,
    method: all.value('method'),
    params: all.pairs('params'),
    content: all.value('content'),
    data: all.pairs('data'),
    files: all.pairs('files'),
    json: all.value('json'),
    headers: all.pairs('headers'),
    cookies: all.pairs('cookies'),
    auth: all.pairs('auth').at(-1) ?? null,
    proxy: all.value('proxy'),
    timeoutMs: timeoutOf(all.value('timeout') ?? '5'),
    followRedirects: all.has('follow-redirects'),
    verify: !all.has('no-verify'),
    http2: all.has('http2'),
    download: all.value('download'),
    verbose: all.has('verbose'),
  };
  refuseContradictions(settings);
  return { kind: 'call', settings };
}

/** One word for a name and its value, as other programs want it, makes the URL behind it the value. */
function swallowedHint(all: Found): string {
  const taking = OPTIONS.find(({ name, values }) => values.length === 2 && all.has(name));
  return taking === undefined ? '' : `; --${taking.name} takes ${taking.values.join(' and ')} as two words`;
}

const DURATION = /^(\d+(?:\.\d*)?|\.\d+)(ms|s|m)?$/;
const UNIT_MS = { ms: 1, s: 1000, m: 60_000 } as const;

/** Milliseconds; a bare number is seconds, as httpx's. */
function timeoutOf(text: string): number {
  const [, digits = '', unit = 's'] = DURATION.exec(text) ?? [];
  const ms = Number(digits) * UNIT_MS[unit as keyof typeof UNIT_MS];
  if (ms > 0 && ms < Number.POSITIVE_INFINITY) return ms;
  throw new UsageError(
    `Cannot use --timeout ${JSON.stringify(text)}: expected more than 0 seconds, or a duration such as 500ms, 2s or 1m`,
  );
}

/** Refuses options of which one would have to be ignored. */
function refuseContradictions({ content, data, files, json, headers, cookies, auth, download }: Settings): void {
  const bodies = [
    content === null ? [] : ['--content'],
    data.length === 0 && files.length === 0 ? [] : [files.length === 0 ? '--data' : '--files'],
    json === null ? [] : ['--json'],
  ].flat();
  if (bodies.length > 1) throw new UsageError(`Cannot send a request: ${bodies.join(' and ')} are one body too many`);
  const readers = [
    ...(content === '-' ? ['--content'] : []),
    ...(json === '-' ? ['--json'] : []),
    ...files.filter(([, path]) => path === '-').map(() => '--files'),
    ...(auth?.[1] === '-' ? ['--auth'] : []),
  ];
  if (readers.length > 1) {
    throw new UsageError(`Cannot read standard input twice: ${readers.join(' and ')} both ask for it`);
  }
  const given = (name: string): boolean => headers.some(([other]) => other.toLowerCase() === name);
  if (cookies.length > 0 && given('cookie')) {
    throw new UsageError('Cannot send cookies: give them with --cookies or as a Cookie header, not both');
  }
  if (auth !== null && given('authorization')) {
    throw new UsageError('Cannot authenticate: give --auth or an Authorization header, not both');
  }
  if (download === '') throw new UsageError('Cannot download: --download needs the name of a file');
}
