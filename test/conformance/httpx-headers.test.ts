/** headers.json of vectors/httpx: the multi-map of fields, call by call. Python's debug form is not copied, nor compared. */
import { Headers, type HeaderTypes } from '../../src/index.js';
import { answerOf, describeFile, given, latin1, type ValueCase } from './httpx-values.js';

interface Call {
  readonly op: string;
  readonly args?: readonly unknown[];
  readonly kwargs?: Readonly<Record<string, unknown>>;
}
interface HeadersCase extends ValueCase {
  readonly input: { readonly init?: unknown; readonly encoding?: string; readonly calls: readonly Call[] };
  readonly expected: unknown;
}

const init = (value: unknown): HeaderTypes => given(value) as HeaderTypes;

function found(headers: Headers, name: string): string {
  const value = headers.get(name);
  if (value === null) throw new RangeError(name);
  return value;
}

function taken(headers: Headers, name: string): string {
  const value = found(headers, name);
  headers.delete(name);
  return value;
}

const CALLS: Readonly<Record<string, (headers: Headers, args: never[], call: Call) => unknown>> = {
  get: (headers, [name = '', otherwise]) => headers.get(name) ?? otherwise ?? null,
  getitem: (headers, [name = '']) => found(headers, name),
  get_list: (headers, [name = ''], { kwargs }) =>
    headers.getList(name, { splitCommas: kwargs?.split_commas as boolean | undefined }),
  setitem: (headers, [name = '', value = '' as never]) => headers.set(name, value),
  delitem: (headers, [name = '']) => void taken(headers, name),
  contains: (headers, [name = '']) => headers.has(name),
  setdefault: (headers, [name = '', value = '']) => headers.setDefault(name, value),
  pop: (headers, [name = '']) => taken(headers, name),
  popitem: (headers) => {
    const [name = ''] = [...headers.keys()];
    return [name, taken(headers, name)];
  },
  update: (headers, [other]) => headers.update(init(other)),
  clear: (headers) => {
    for (const name of [...headers.keys()]) headers.delete(name);
  },
  equals: (headers, [other]) => headers.equals(init(other)),
  set_encoding: (headers, [encoding]) => {
    headers.encoding = encoding ?? null;
  },
  iterate: (headers) => [...headers.keys()],
  dict: (headers) => [...headers.items()],
  bool: (headers) => headers.size > 0,
  repr: () => null,
};

function stateOf(headers: Headers): unknown {
  return {
    raw: headers.raw.map(([name, value]) => [latin1(name), latin1(value)]),
    encoding: headers.encoding,
    keys: [...headers.keys()],
    values: [...headers.values()],
    items: [...headers.items()],
    multi_items: headers.multiItems(),
    len: headers.size,
  };
}

function play({ input }: HeadersCase): unknown {
  const encoding = input.encoding as 'ascii' | undefined;
  let headers = 'init' in input ? new Headers(init(input.init), { encoding }) : new Headers();
  const results = input.calls.map((call) =>
    answerOf(() => {
      if (call.op === 'copy') {
        headers = headers.copy();
        return null;
      }
      return CALLS[call.op]?.(headers, given(call.args ?? []) as never[], call) ?? null;
    }),
  );
  return { results, state: stateOf(headers) };
}

/** The case without what Python's `repr` says. */
function withoutDebugForms(expected: unknown, { input }: HeadersCase): unknown {
  const { results, state } = expected as { results?: readonly unknown[]; state?: Record<string, unknown> };
  if (results === undefined || state === undefined) return expected;
  const { repr: _, ...rest } = state;
  return { results: results.map((result, at) => (input.calls[at]?.op === 'repr' ? null : result)), state: rest };
}

/** Values that are given as text. */
const givenTexts = ({ calls }: HeadersCase['input']): string[] =>
  calls.filter(({ op }) => op === 'setitem').map(({ args }) => (typeof args?.[1] === 'string' ? args[1] : ''));

describeFile<HeadersCase>(
  'headers',
  play,
  [
    {
      overruledBy:
        'SECURITY 5.2: text beyond U+00FF is refused, never encoded in silence (h1-request-writer, header-value-560d)',
      applies: ({ input }) =>
        givenTexts(input).some((text) => /[\u0100-\uffff]/.test(text)) && input.encoding === undefined,
    },
    {
      overruledBy: 'RFC 9110 § 5.1: a name is a token; this one is kept as it is, and refused when it is sent',
      applies: ({ input }) =>
        input.calls.some(({ op, args }) => op === 'setitem' && /[\u0080-\uffff]/.test(String(args?.[0]))),
    },
    {
      overruledBy: 'RFC 9110 § 5.5: a value is octets of an ASCII superset, and UTF-16 is none',
      applies: ({ input }) => /^utf-?(?:16|32|7)/i.test(input.encoding ?? ''),
    },
  ],
  withoutDebugForms,
);
