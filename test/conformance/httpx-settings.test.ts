/** timeouts_limits.json and status_codes.json of vectors/httpx. Seconds there are milliseconds here. */
import {
  Client,
  codes,
  Limits,
  type LimitsOptions,
  MockTransport,
  Request,
  type RequestExtensions,
  Response,
  Timeout,
  type TimeoutOptions,
  type TimeoutTypes,
} from '../../src/index.js';
import { describeFile, isRecord, type ValueCase } from './httpx-values.js';

const FIELDS = ['connect', 'read', 'write', 'pool'] as const;

interface SettingsCase extends ValueCase {
  readonly input: Readonly<Record<string, unknown>> & { readonly op: string };
}

const ms = (seconds: unknown): number | null =>
  seconds === null || seconds === undefined ? null : Number(seconds) * 1000;

function fieldsInMs(kwargs: Readonly<Record<string, unknown>>): TimeoutOptions {
  return Object.fromEntries(Object.entries(kwargs).map(([name, seconds]) => [name, ms(seconds)]));
}

interface MadeBy {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/** `Timeout(...)` as it is written here: a tuple becomes its fields, those it leaves out no limit. */
function timeoutOf(value: unknown): Timeout {
  if (isRecord(value) && '$timeout' in value) return madeTimeout(value.$timeout as MadeBy);
  if (isRecord(value) && '$tuple' in value) {
    const items = value.$tuple as readonly unknown[];
    return new Timeout(null, Object.fromEntries(FIELDS.map((name, at) => [name, ms(items[at])])));
  }
  return new Timeout(ms(value));
}

function madeTimeout({ args, kwargs }: MadeBy): Timeout {
  const { timeout, ...fields } = kwargs;
  const [base] = 'timeout' in kwargs ? [timeout] : args;
  if (args.length === 0 && !('timeout' in kwargs)) return new Timeout(undefined, fieldsInMs(fields));
  if (isRecord(base) && '$tuple' in base) return timeoutOf(base);
  if (isRecord(base)) return new Timeout(timeoutOf(base), fieldsInMs(fields));
  return new Timeout(ms(base), fieldsInMs(fields));
}

const inSeconds = (limit: number | null): number | null => (limit === null ? null : limit / 1000);
const viewOf = (timeout: Timeout): unknown =>
  Object.fromEntries(FIELDS.map((name) => [name, inSeconds(timeout[name])]));

function limitsOf(kwargs: Readonly<Record<string, unknown>>): Limits {
  const { max_connections, max_keepalive_connections, keepalive_expiry, ...unknown } = kwargs;
  const options = {
    ...('max_connections' in kwargs && { maxConnections: max_connections }),
    ...('max_keepalive_connections' in kwargs && { maxKeepaliveConnections: max_keepalive_connections }),
    ...('keepalive_expiry' in kwargs && { keepaliveExpiry: ms(keepalive_expiry) }),
    ...unknown,
  };
  return new Limits(options as LimitsOptions);
}

const limitsView = (limits: Limits): Record<string, unknown> => ({
  max_connections: limits.maxConnections,
  max_keepalive_connections: limits.maxKeepaliveConnections,
  keepalive_expiry: inSeconds(limits.keepaliveExpiry),
});

/** The limits of a request, and the names of its extensions. */
function effective(input: SettingsCase['input']): unknown {
  const client = new Client({ timeout: timeoutOf(input.client) });
  if ('assign' in input) client.timeout = timeoutOf(input.assign);
  const { extensions } = client.buildRequest('GET', 'https://example.org/', {
    extensions: extensionsOf(input.extensions),
    ...('request' in input && { timeout: timeoutOf(input.request) as TimeoutTypes }),
  });
  return { timeout: viewOf(extensions.timeout as Timeout), extensions: Object.keys(extensions).sort() };
}

/** In milliseconds; whatever a trace is there, here it is a function. */
function extensionsOf(extensions: unknown): RequestExtensions | undefined {
  if (!isRecord(extensions)) return undefined;
  const { timeout, trace } = extensions;
  return {
    ...extensions,
    ...(isRecord(timeout) && { timeout: fieldsInMs(timeout) }),
    ...(trace !== undefined && { trace: () => {} }),
  };
}

/** The limits that a transport sees of a request that the client did not build. */
function effectiveRawSend(input: SettingsCase['input']): unknown {
  let seen: unknown = null;
  const transport = new MockTransport((request) => {
    seen = viewOf(request.extensions.timeout as Timeout);
    return new Response(200);
  });
  const client = new Client({ timeout: timeoutOf(input.client), transport });
  const request = new Request('GET', 'https://example.org/', { extensions: extensionsOf(input.extensions) });
  client.send(request);
  return { timeout: seen };
}

const OPERATIONS: Readonly<Record<string, (input: SettingsCase['input']) => unknown>> = {
  timeout: (input) => viewOf(madeTimeout(input.value as MadeBy)),
  timeout_equals: ({ left, right }) => ({ equal: timeoutOf(left).equals(isRecord(right) ? timeoutOf(right) : right) }),
  limits: (input) => limitsView(limitsOf(input.kwargs as Readonly<Record<string, unknown>>)),
  limits_equals: ({ left, right }) => ({
    equal: limitsOf(left as Record<string, unknown>).equals(limitsOf(right as Record<string, unknown>)),
  }),
  pool: (input) => limitsView(limitsOf(input.limits as Record<string, unknown>)),
  effective,
  effective_raw_send: effectiveRawSend,
};

/** Without Python's debug form; no timeout at all is one without limits; of a pool what its limits say. */
function settings(expected: unknown, { input }: SettingsCase): unknown {
  if (!isRecord(expected) || '$error' in expected) return expected;
  const { repr: _, http1: _1, http2: _2, retries: _3, ...rest } = expected;
  if (rest.timeout === null) return { ...rest, timeout: viewOf(new Timeout(null)) };
  if (input.op !== 'pool') return rest;
  return Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, value === 'unlimited' ? null : value]));
}

describeFile<SettingsCase>(
  'timeouts_limits',
  ({ input }) => OPERATIONS[input.op]?.(input),
  [
    {
      overruledBy: 'API, rule 3: 0, negative and NaN throw RangeError at construction',
      applies: ({ input }) =>
        /(?:^|[[,:])(?:0|-[\d.]+)(?=[\],}])/.test(
          JSON.stringify([input.value, input.left, input.client, input.assign]),
        ),
    },
    {
      overruledBy:
        "API, Value types: where a timeout is taken, so is a plain object, and what it leaves out keeps the client's",
      applies: ({ input }) =>
        input.op === 'effective_raw_send' && isRecord(input.extensions) && 'timeout' in input.extensions,
    },
  ],
  settings,
);

const byName = (name: string): number => {
  const value = (codes as unknown as Readonly<Record<string, unknown>>)[name];
  if (typeof value !== 'number') throw new RangeError(name);
  return value;
};

describeFile<SettingsCase>(
  'status_codes',
  ({ input }) => {
    const value = Number(input.value);
    if (input.op === 'by_name') return { value: byName(String(input.name)) };
    if (input.op === 'by_value') {
      const [name] = Object.entries(codes).find(([, status]) => status === value) ?? [];
      if (name === undefined) throw new RangeError(String(value));
      return { name, str: String(byName(name)) };
    }
    return {
      reason_phrase: codes.getReasonPhrase(value),
      is_informational: codes.isInformational(value),
      is_success: codes.isSuccess(value),
      is_redirect: codes.isRedirect(value),
      is_client_error: codes.isClientError(value),
      is_server_error: codes.isServerError(value),
      is_error: codes.isError(value),
    };
  },
  [],
);
