/**
 * proxy.json of vectors/httpx, but for what httpx-mounts.test.ts plays: what a Proxy is, which proxies an environment names,
 * and which one a client uses for a URL.
 */
import { Deadlines } from '../../src/deadlines.js';
import type { Environment } from '../../src/environment.js';
import * as httpx from '../../src/index.js';
import { AsyncClient, AsyncHTTPTransport, MockTransport, Proxy, type Request, Response } from '../../src/index.js';
import { Mounts } from '../../src/mounts.js';
import { environmentMounts, environmentProxies } from '../../src/proxy-environment.js';
import { FakeHost } from '../support/fake-host.js';
import { FakeConnector } from '../support/fake-socket.js';
import { describeFile, isRecord, latin1, only, type ValueCase } from './httpx-values.js';

interface ProxyCase extends ValueCase {
  readonly input: {
    readonly op: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly client?: { readonly proxy?: string; readonly trust_env?: boolean };
    readonly urls: readonly string[];
    readonly url?: string;
    readonly kwargs?: {
      readonly auth?: { readonly $tuple: [string, string] };
      readonly headers?: Record<string, string>;
    };
    readonly mounts?: readonly (readonly [string, string])[];
  };
}

function hostOf(variables: Readonly<Record<string, string>> = {}): FakeHost {
  const host = new FakeHost();
  for (const [name, value] of Object.entries(variables)) host.variables.set(name, value);
  return host;
}

/** What the vectors say of a proxy that is used. */
function shown(proxy: Proxy | null): unknown {
  if (proxy === null) return null;
  const { scheme, host, port } = proxy.url;
  const place = { kind: proxy.isSocks ? 'SOCKSProxy' : 'HTTPProxy', scheme, host, port };
  if (proxy.isSocks) return { ...place, proxy_auth: proxy.auth };
  const basic = proxy.basic === null ? [] : [['Proxy-Authorization', `Basic ${btoa(proxy.basic.join(':'))}`]];
  return { ...place, proxy_headers: [...basic, ...proxy.headers.multiItems()] };
}

/** The proxy, or the name of the transport, that a client uses for each URL. */
function selected({ input }: ProxyCase): unknown[] {
  const host = hostOf(input.env);
  const environment: Environment = { host, connector: new FakeConnector(), deadlines: new Deadlines(host) };
  const { proxy, trust_env: trustEnv } = input.client ?? {};
  const named = new Map(input.mounts?.map(([, name]) => [name, new MockTransport(() => new Response(200))]));
  const client = new AsyncClient(
    {
      ...(proxy === undefined ? {} : { proxy }),
      ...(trustEnv === undefined ? {} : { trustEnv }),
      mounts: Object.fromEntries((input.mounts ?? []).map(([pattern, name]) => [pattern, named.get(name) ?? null])),
    },
    environment,
  );
  return input.urls.map((url) => {
    const transport = client.transportFor(new httpx.Request('GET', url) as Request);
    if (transport instanceof AsyncHTTPTransport) return shown(transport.proxy);
    return [...named].find(([, each]) => each === transport)?.[0];
  });
}

function play(each: ProxyCase): unknown {
  const { op, env = {}, url = '', kwargs = {}, mounts = [] } = each.input;
  switch (op) {
    case 'environment':
      return { mounts: environmentProxies((name) => env[name]).mounts };
    case 'select':
      return { proxies: selected(each) };
    case 'mounts_and_env': {
      const proxied = environmentMounts(hostOf(env), (proxy) => ({ proxy }));
      const order = new Mounts([...proxied, ...mounts.map(([pattern]) => [pattern, { proxy: null }] as const)])
        .patterns;
      return { selected: selected(each), order };
    }
    default: {
      const { auth, headers } = kwargs;
      const proxy = new Proxy(url, { auth: auth?.$tuple, headers: headers ?? null });
      return {
        url: proxy.url.href,
        auth: proxy.auth,
        raw_auth: proxy.rawAuth?.map(latin1) ?? null,
        headers: proxy.headers.raw.map((field) => field.map(latin1)),
      };
    }
  }
}

/** A class's debug form is each language's own. */
function withoutRepr(expected: unknown): unknown {
  if (!isRecord(expected) || !('repr' in expected)) return expected;
  const { repr: _repr, ...rest } = expected;
  return rest;
}

describeFile<ProxyCase>(
  'proxy',
  play,
  [
    {
      overruledBy: 'HTTPX §12: variables are read in lower or upper case',
      applies: only('environment/49fa0de60e'),
    },
    {
      overruledBy: 'no-proxy.json, noproxy-06: *.example.com is every name below it',
      applies: only('environment/5d2a95ec20', 'select_no_proxy/e096b7a1ee'),
    },
    {
      overruledBy: 'no-proxy.json, noproxy-08: a dot at the end is ignored',
      applies: only('select_no_proxy/b49228e20e'),
    },
    {
      overruledBy: 'API.md URL, SECURITY 6.12: NO_PROXY is asked about the host that WHATWG yields',
      applies: only('select_no_proxy/0049c18155', 'select_no_proxy/577b5aedd8'),
    },
    {
      overruledBy:
        'API.md URL: what is connected to must be a host by WHATWG rules; a proxy without one is refused at once',
      applies: only('select_argument/de35aebf93', 'select_argument/ceb4d6a645'),
    },
  ],
  withoutRepr,
  ({ input: { op } }) => op !== 'pattern' && op !== 'mounts',
);
