/**
 * Where this client answers the scenario files of vectors/httpx differently: what overrules the vector, which cases it
 * concerns, and what is expected in their place. The runner fails on a difference that is not here, and on one here that is
 * none.
 */

import { hasBlock, withoutBlocks } from './httpx-blocks.js';
import { digestDeviations } from './httpx-digest-deviations.js';
import type { Outcome, Scenario, SeenError, SeenRequest, SeenResponse } from './httpx-scenario.js';

export interface Deviation {
  readonly overruledBy: string;
  readonly applies: (scenario: Scenario) => boolean;
  /** What is expected instead. */
  readonly ours: (expected: Outcome, scenario: Scenario) => Outcome;
}

/** The first Location that the script sends. */
const locationOf = ({ input }: Scenario): string | undefined =>
  input.server.flatMap((answer) => answer.headers ?? []).find(([name]) => name === 'Location')?.[1];
const follows = ({ input }: Scenario): boolean => input.steps[0]?.follow_redirects === true;
const requestsOf = (outcome: Outcome): readonly SeenRequest[] => outcome.requests ?? [];
const originOf = (url: string): string => new URL(url).origin;
const without = <T extends { readonly headers: SeenRequest['headers'] }>(message: T, ...names: string[]): T => ({
  ...message,
  headers: message.headers.filter(([name]) => !names.includes(name.toLowerCase())),
});
const error = (type: string, requestUrl?: string | null): SeenError => ({
  $error: { type, module: 'httpx', ...(requestUrl === undefined ? {} : { request_url: requestUrl }) },
});

/** The redirect is refused: the first request is the only one. */
function refused(expected: Outcome, type: string): Outcome {
  const [first] = requestsOf(expected);
  return { ...expected, requests: first === undefined ? [] : [first], results: [error(type, first?.url)] };
}

/** The redirect is not followed, and its Location cannot be: the response says so by having no next request. */
function nowhere(expected: Outcome, { input }: Scenario): Outcome {
  const url = requestsOf(expected)[0]?.url ?? '';
  const status = input.server[0]?.status ?? 0;
  const response = { status, url, history: [], is_closed: true, body_b64: '', next_request: null };
  return { ...expected, results: [response] };
}

function refusedOrNowhere(type: string): Deviation['ours'] {
  return (expected, scenario) => (follows(scenario) ? refused(expected, type) : nowhere(expected, scenario));
}

/** Requests whose method became GET have lost their body before. */
function bodyDropped({ expected }: Scenario): boolean {
  const requests = requestsOf(expected);
  return requests.some(
    ({ method, headers }, i) =>
      method === 'GET' &&
      requests[i - 1]?.method !== 'GET' &&
      i > 0 &&
      headers.some(([name]) => name === 'Content-Type'),
  );
}

const CREDENTIALS = /\/\/[^/@]*@/;

const SECRETS: readonly string[] = ['authorization', 'proxy-authorization'];

/** Index of the first request with a secret that the one before it had sent to another origin; 0: there is none. */
function firstKeptAcross(requests: readonly SeenRequest[]): number {
  const secretsOf = ({ headers }: SeenRequest): string[] =>
    headers.map(([name]) => name.toLowerCase()).filter((name) => SECRETS.includes(name));
  const kept = requests.findIndex((request, i) => {
    const before = requests[i - 1];
    if (before === undefined || originOf(before.url) === originOf(request.url)) return false;
    return secretsOf(request).some((name) => secretsOf(before).includes(name));
  });
  return Math.max(0, kept);
}

function withoutCredentials(expected: Outcome): Outcome {
  const bare = (url: string): string => url.replace(CREDENTIALS, '//');
  const requests = requestsOf(expected).map((request, i) =>
    i === 0 ? request : { ...request, url: bare(request.url) },
  );
  const results = (expected.results ?? []).map((result) => {
    const { url, history, next_request: next } = result as SeenResponse;
    return {
      ...(result as SeenResponse),
      url: history.length > 0 ? bare(url) : url,
      next_request: next === null ? null : { ...next, url: bare(next.url) },
    };
  });
  return { ...expected, requests, results };
}

/** What the request would answer without any trouble about its auth. */
function answered(_expected: Outcome, { input }: Scenario): Outcome {
  const step = input.steps.find(({ method }) => method !== undefined);
  const given = (input.client?.auth ??
    input.steps.find(({ value }) => value !== undefined)?.value ??
    step?.auth) as string[];
  const authorization = ['Authorization', `Basic ${btoa(given.join(':'))}`] as const;
  const url = step?.url ?? '';
  const body = input.server[0]?.chunks_b64?.[0] ?? '';
  const headers = [
    ['Host', new URL(url).host],
    ['Accept', '*/*'],
    ['Accept-Encoding', 'gzip, deflate, br, zstd'],
    ['Connection', 'keep-alive'],
    ['User-Agent', 'python-httpx/0.28.1'],
    authorization,
  ] as const;
  const response = { status: 200, url, history: [], is_closed: true, body_b64: body, next_request: null };
  const set = input.steps.some(({ do: what }) => what === 'set');
  return {
    requests: [{ method: 'GET', url, headers, body_b64: '' }],
    results: set ? [null, response] : [response],
  };
}

/** All requests of the script, sent; for cases that stop earlier at httpx. */
function snowman(expected: Outcome): Outcome {
  const [first] = requestsOf(expected);
  const url = 'https://xn--n3h.com/';
  const second = {
    ...(first as SeenRequest),
    url,
    headers: (first?.headers ?? []).map(([name, value]) => [name, name === 'Host' ? 'xn--n3h.com' : value] as const),
  };
  const history = [{ status: 302, url: first?.url ?? '', history_length: 0, is_closed: true }];
  const response = { status: 200, url, history, is_closed: true, body_b64: 'ZmluYWw=', next_request: null };
  return { ...expected, requests: [first as SeenRequest, second], results: [response] };
}

/** The one request is sent, and answered. */
function sent(body: string, ...fields: (readonly [string, string])[]): Deviation['ours'] {
  return (_expected, { input: { steps, capture_events: events } }) => {
    const { method = '', url = '' } = steps[0] ?? {};
    const headers = [
      ['Host', new URL(url, 'http://none.invalid').host],
      ['Accept', '*/*'],
      ['Accept-Encoding', 'gzip, deflate, br, zstd'],
      ['Connection', 'keep-alive'],
      ['User-Agent', 'python-httpx/0.28.1'],
      ...fields,
    ] as const;
    const bare = steps[0]?.do === 'send_raw';
    const told = [`transport ${method} ${url}`, 'stream.start 0', 'stream.close 0'];
    return {
      requests: [{ method, url, headers: bare ? [] : headers, body_b64: body }],
      results: [{ status: 200, url, history: [], is_closed: true, body_b64: 'ZmluYWw=', next_request: null }],
      ...(events ? { events: told } : {}),
    };
  };
}

export const deviations: readonly Deviation[] = [
  {
    overruledBy: 'API, rule 5: a client is disposed of at the end of its block, and closed by that; it is not entered',
    applies: (scenario) => scenario.id.startsWith('lifecycle/states/') && hasBlock(scenario),
    ours: (_expected, scenario) => withoutBlocks(scenario),
  },
  {
    overruledBy: 'API, Bodies: content may be an Iterable, of AsyncClient too',
    applies: ({ id }) => id === 'lifecycle/flavour/c463e51a90',
    ours: sent('eA==', ['Transfer-Encoding', 'chunked']),
  },
  {
    overruledBy: 'API, Bodies: octets are octets; a file of Python is one of its own',
    applies: ({ id }) => id === 'lifecycle/flavour/01bba55b16',
    ours: sent('ZmlsZQ==', ['Content-Length', '4']),
  },
  {
    overruledBy: 'HTTPX §2: a hand-made request is sent unchanged; no cookie jar of Python refuses its URL',
    applies: ({ id }) => id === 'lifecycle/send_raw/f2302ae127',
    ours: sent(''),
  },
  ...digestDeviations,
  {
    overruledBy:
      'RFC 9110 §15.4: remove representation-specific fields with the content; h1-scenarios scn-redirect-method-*',
    applies: bodyDropped,
    ours: (expected) => ({
      ...expected,
      requests: requestsOf(expected).map((request, i) => (i === 0 ? request : without(request, 'content-type'))),
    }),
  },
  {
    overruledBy:
      'SECURITY 6.1: Authorization and Proxy-Authorization are stripped on any change of origin, of the scheme too; HTTPX §24.5',
    applies: ({ expected }) => firstKeptAcross(requestsOf(expected)) > 0,
    ours: (expected) => {
      const requests = requestsOf(expected);
      const from = firstKeptAcross(requests);
      return {
        ...expected,
        requests: requests.map((request, i) => (i < from ? request : without(request, ...SECRETS))),
      };
    },
  },
  {
    overruledBy: 'h1-scenarios scn-redirect-loc-66, SECURITY 6.3: userinfo in a Location is dropped',
    applies: (scenario) => CREDENTIALS.test(locationOf(scenario) ?? ''),
    ours: withoutCredentials,
  },
  {
    overruledBy: 'API, URL: one that is sent must also parse under WHATWG rules, to the same host; SECURITY 6.12',
    applies: (scenario) =>
      ['https:///nohost', 'https://', 'https://:443/', 'http://:80/x', '://x'].includes(locationOf(scenario) ?? ''),
    ours: refusedOrNowhere('RemoteProtocolError'),
  },
  {
    overruledBy: 'SECURITY 6.3: no other scheme than http and https is followed; HTTPX §24.13',
    applies: (scenario) => /^(?:market|ftp|mailto|data|javascript):/.test(locationOf(scenario) ?? ''),
    ours: refusedOrNowhere('UnsupportedProtocol'),
  },
  {
    overruledBy: 'HTTPX §24.13: an invalid Location is no error while redirects are not followed',
    applies: (scenario) =>
      !follows(scenario) &&
      ['https:path', 'https://[bad]/', 'https://example.org:abc/', '/x\x01'].includes(locationOf(scenario) ?? ''),
    ours: nowhere,
  },
  {
    overruledBy: "API, URL: IDNA is the host's UTS 46, which has U+2603",
    applies: (scenario) => follows(scenario) && locationOf(scenario) === 'https://\xe2\x98\x83.com/',
    ours: snowman,
  },
  {
    overruledBy: 'API, Auth: `auth:` takes [user, password], which is how TypeScript writes a tuple',
    applies: ({ id }) => ['0d9df8fdda', 'e2fef23b0a', 'a27a1c2785'].some((hash) => id === `auth/invalid/${hash}`),
    ours: answered,
  },
  {
    overruledBy: 'HTTPX §24.14: responses of an auth flow do not count as redirects',
    applies: ({ id }) => id === 'auth_flow/repeat/949aa907ae',
    ours: (expected) => {
      const [first, second] = requestsOf(expected) as [SeenRequest, SeenRequest];
      const headers = second.headers.map(
        ([name, value]) => [name, name === 'Authorization' ? 'Repeat abc.abc' : value] as const,
      );
      const { url } = first;
      const history = [0, 1].map((length) => ({ status: 200, url, history_length: length, is_closed: true }));
      const response = { status: 200, url, history, is_closed: true, body_b64: 'Ym9keQ==', next_request: null };
      const last = ['transport GET https://example.org/', 'flow.got 200', 'stream.start 2', 'stream.close 2'];
      const events = [...(expected.events ?? []), ...last];
      return { ...expected, requests: [first, second, { ...second, headers }], results: [response], events };
    },
  },
  {
    overruledBy: 'SECURITY 2.6: the body of a response in between is drained, or else its connection closed',
    applies: ({ id }) => id === 'auth_flow/transport_error/d0258f055b',
    ours: (expected) => {
      const [first] = requestsOf(expected) as [SeenRequest];
      const history = [{ status: 401, url: first.url, history_length: 0, is_closed: true }];
      const response = {
        status: 200,
        url: first.url,
        history,
        is_closed: true,
        body_b64: 'ZmluYWw=',
        next_request: null,
      };
      const rest = [`transport GET ${first.url}`, 'flow.got 200', 'stream.start 1', 'stream.close 1'];
      const events = [...(expected.events ?? []), ...rest];
      return { ...expected, requests: [first, first], results: [response], events };
    },
  },
  {
    overruledBy: 'HTTPX §24.14: redirects of earlier steps of an auth flow stay in the history',
    applies: ({ id }) => id === 'auth_flow/redirects/c4097d6294',
    ours: (expected) => {
      const [result] = expected.results as [SeenResponse];
      const first = { status: 302, url: 'https://example.org/', history_length: 0, is_closed: true };
      const rest = result.history.map((each) => ({ ...each, history_length: each.history_length + 1 }));
      return { ...expected, results: [{ ...result, history: [first, ...rest] }] };
    },
  },
  {
    overruledBy: 'RFC 9110 §7.2: Host is sent first, also one that the caller gave',
    applies: ({ id }) => id === 'redirects/origin/1e53f63d03',
    ours: (expected) => ({
      ...expected,
      requests: requestsOf(expected).map((request) => {
        const isHost = ([name]: readonly [string, string]): boolean => name === 'Host';
        const { headers } = request;
        return { ...request, headers: [...headers.filter(isHost), ...headers.filter((field) => !isHost(field))] };
      }),
    }),
  },
  {
    overruledBy: 'RFC 6265bis §5.6, step 4: a cookie without a name is a cookie',
    applies: ({ id }) => id === 'cookies/syntax/c6cb7cfa6d',
    ours: (expected) => {
      const [first, second] = requestsOf(expected) as [SeenRequest, SeenRequest];
      const [response, last] = expected.results as [SeenResponse, SeenResponse];
      const cookie = { name: '', value: 'b', domain: 'www.example.org', path: '/dir', secure: false, expires: null };
      return {
        ...expected,
        requests: [first, { ...second, headers: [...second.headers, ['Cookie', 'b']] }],
        results: [{ ...response, cookies: [['', 'b']] }, last],
        jar: [{ ...cookie, domain_specified: false }],
      };
    },
  },
  {
    overruledBy: 'RFC 6265bis §5.5: no cookie lives longer than 400 days',
    applies: ({ id }) => ['8f3a3c513e', '22bef636fd', '25a345d498'].some((hash) => id === `cookies/expiry/${hash}`),
    ours: (expected) => ({
      ...expected,
      jar: (expected.jar as object[]).map((cookie) => ({ ...cookie, expires: 1_767_225_600 + 400 * 86_400 })),
    }),
  },
  {
    overruledBy: 'RFC 6265bis §5.7: expired cookies are no longer in the jar',
    applies: ({ id }) => id === 'cookies/expiry/ebb2382647',
    ours: (expected) => ({ ...expected, jar: [] }),
  },
  {
    overruledBy: 'DESIGN §5: the send flow attaches the request, to what hooks raise too',
    applies: ({ id }) => id === 'hooks/raise/11e86dad0c',
    ours: (expected) => ({ ...expected, results: [error('ReadError', requestsOf(expected)[0]?.url)] }),
  },
];

/** The deviation that concerns a case, if any. */
export function deviationOf(scenario: Scenario): Deviation | null {
  return deviations.find((each) => each.applies(scenario)) ?? null;
}
