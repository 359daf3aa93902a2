/** query_params.json of vectors/httpx: the immutable multi-map, call by call. */
import { QueryParams, type QueryParamTypes } from '../../src/index.js';
import { answerOf, describeFile, given, type ValueCase } from './httpx-values.js';

interface Call {
  readonly op: string;
  readonly args?: readonly unknown[];
}
interface ParamsCase extends ValueCase {
  readonly input: { readonly init?: unknown; readonly calls?: readonly Call[] };
}

const init = (value: unknown): QueryParamTypes => given(value) as QueryParamTypes;
const made = (input: ParamsCase['input']): QueryParams =>
  'init' in input ? new QueryParams(init(input.init)) : new QueryParams();

const viewOf = (params: QueryParams): unknown => ({
  str: String(params),
  repr: `QueryParams('${params.toJSON()}')`,
  keys: [...params.keys()],
  values: [...params.values()],
  items: [...params.items()],
  multi_items: params.multiItems(),
  len: params.size,
  bool: params.size > 0,
});

const CHANGES: Readonly<Record<string, (params: QueryParams, args: never[]) => QueryParams>> = {
  set: (params, [key = '', value]) => params.set(key, value),
  add: (params, [key = '', value]) => params.add(key, value),
  remove: (params, [key = '']) => params.remove(key),
  merge: (params, [other]) => params.merge(init(other)),
};

const QUESTIONS: Readonly<Record<string, (params: QueryParams, args: never[]) => unknown>> = {
  contains: (params, [key = '']) => params.has(key),
  get: (params, [key = '', otherwise]) => params.get(key) ?? otherwise ?? null,
  get_list: (params, [key = '']) => params.getList(key),
  getitem: (params, [key = '']) => {
    const value = params.get(key);
    if (value === null) throw new RangeError(key);
    return value;
  },
  equals: (params, [other]) => params.equals(new QueryParams(init(other))),
  equals_raw: (params, [other]) => params.equals(init(other)),
  // Python hashes the text.
  hash_equals: (params, [other]) => String(params) === String(new QueryParams(init(other))),
};

function play({ input }: ParamsCase): unknown {
  const first = made(input);
  const initial = viewOf(first);
  let current = first;
  const results = (input.calls ?? []).map(({ op, args = [] }) =>
    answerOf(() => {
      const change = CHANGES[op];
      if (change === undefined) return QUESTIONS[op]?.(current, given(args) as never[]);
      current = change(current, given(args) as never[]);
      return String(current);
    }),
  );
  if (input.calls === undefined) return { initial, results };
  return { initial, results, final: viewOf(current), original_str_after: String(first) };
}

describeFile<ParamsCase>('query_params', play, [
  {
    overruledBy: "HTTPX § 6: values are text, numbers, booleans and null; Python's own text of a list is no value",
    applies: ({ input }) =>
      (input.calls ?? []).some(({ op, args }) => ['set', 'add'].includes(op) && Array.isArray(args?.[1])),
  },
]);
