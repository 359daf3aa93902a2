/** The public names of the package, on purpose: who adds or removes one edits this list, and the CHANGELOG. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exportsOf, parse, ROOT } from './source-syntax.js';

const VALUES: readonly string[] = [
  'AsyncBaseTransport',
  'AsyncByteStream',
  'AsyncClient',
  'AsyncHTTPTransport',
  'Auth',
  'BaseTransport',
  'BasicAuth',
  'BearerAuth',
  'ByteStream',
  'Client',
  'ClientClosed',
  'CloseError',
  'ConnectError',
  'ConnectTimeout',
  'CookieConflict',
  'Cookies',
  'DecodingError',
  'DigestAuth',
  'FetchTransport',
  'FunctionAuth',
  'HTTPError',
  'HTTPStatusError',
  'HTTPTransport',
  'HandlerTransport',
  'Headers',
  'InvalidURL',
  'Limits',
  'LoadError',
  'LocalProtocolError',
  'MockTransport',
  'NetRCAuth',
  'NetworkError',
  'NetworkStream',
  'OAuth2ClientCredentials',
  'OAuth2RefreshToken',
  'Origin',
  'PoolTimeout',
  'ProtocolError',
  'Proxy',
  'ProxyError',
  'QueryParams',
  'ReadError',
  'ReadTimeout',
  'RemoteProtocolError',
  'Request',
  'RequestError',
  'RequestNotRead',
  'Response',
  'ResponseNotRead',
  'StreamClosed',
  'StreamConsumed',
  'StreamError',
  'SyncByteStream',
  'Timeout',
  'TimeoutException',
  'TooManyRedirects',
  'TotalTimeout',
  'TransportError',
  'URL',
  'USE_CLIENT_DEFAULT',
  'UnsupportedProtocol',
  'WriteError',
  'WriteTimeout',
  'codes',
  'delete',
  'get',
  'head',
  'options',
  'patch',
  'post',
  'put',
  'query',
  'request',
  'stream',
];
const TYPES: readonly string[] = [
  'AsyncClientOptions',
  'AsyncRequest',
  'AsyncResponse',
  'AuthFlow',
  'AuthTypes',
  'BodyCallOptions',
  'BodyFunctionOptions',
  'ByteSource',
  'CallOptions',
  'CertTypes',
  'ClientOptions',
  'ConnectionMessage',
  'ContentChunk',
  'Cookie',
  'CookieJar',
  'CookieScope',
  'CookieTypes',
  'DefaultEncoding',
  'Duration',
  'ErrorCode',
  'ErrorMessage',
  'EventHooks',
  'FetchHandler',
  'FetchTransportOptions',
  'FileContent',
  'ForEitherClient',
  'FunctionOptions',
  'GetListOptions',
  'HTTPTransportOptions',
  'HandlerApp',
  'HandlerTransportOptions',
  'HeaderEncoding',
  'HeaderTypes',
  'HeadersOptions',
  'LimitsOptions',
  'LimitsTypes',
  'Link',
  'MaybePromise',
  'NetworkStreamOptions',
  'OAuth2ClientCredentialsOptions',
  'OAuth2RefreshTokenOptions',
  'OAuth2Tokens',
  'Phase',
  'PrimitiveData',
  'ProxyFields',
  'ProxyOptions',
  'ProxyTypes',
  'QueryParamTypes',
  'RequestContent',
  'RequestData',
  'RequestExtensions',
  'RequestFile',
  'RequestFiles',
  'RequestHook',
  'RequestMessage',
  'RequestOptions',
  'Resolve',
  'ResponseExtensions',
  'ResponseHook',
  'ResponseMessage',
  'ResponseOptions',
  'SameSite',
  'SendOptions',
  'Sent',
  'SocketOptions',
  'StartTlsOptions',
  'StatusCodes',
  'SyncAuthTypes',
  'SyncEventHooks',
  'SyncNetworkStream',
  'SyncRequest',
  'SyncRequestContent',
  'SyncRequestHook',
  'SyncResolve',
  'SyncResponse',
  'SyncResponseExtensions',
  'SyncResponseHook',
  'TakenByClient',
  'TimeoutOptions',
  'TimeoutTypes',
  'Timings',
  'TlsOptions',
  'ToldError',
  'ToughCookieJar',
  'TraceFunction',
  'TraceInfo',
  'TracedConnection',
  'URLComponents',
  'URLTypes',
  'VerifyTypes',
];

const SYNC_VALUES: readonly string[] = [
  'Client',
  'delete',
  'get',
  'head',
  'options',
  'patch',
  'post',
  'put',
  'query',
  'request',
  'stream',
];

const FETCH_VALUES: readonly string[] = [
  'AsyncClient',
  'ClientClosed',
  'ConnectError',
  'CookieConflict',
  'DecodingError',
  'HTTPError',
  'HTTPStatusError',
  'InvalidURL',
  'LocalProtocolError',
  'NetworkError',
  'ReadError',
  'ReadTimeout',
  'RemoteProtocolError',
  'RequestError',
  'RequestNotRead',
  'ResponseNotRead',
  'StreamClosed',
  'StreamConsumed',
  'StreamError',
  'TimeoutException',
  'TooManyRedirects',
  'TotalTimeout',
  'TransportError',
  'UnsupportedProtocol',
  'delete',
  'get',
  'head',
  'load',
  'options',
  'patch',
  'post',
  'put',
  'query',
  'request',
  'stream',
];
const FETCH_TYPES: readonly string[] = [
  'AsyncRequest',
  'AsyncResponse',
  'AuthFlow',
  'AuthTypes',
  'BaseAsyncClient',
  'BodyCallOptions',
  'CallOptions',
  'ContentChunk',
  'CookieTypes',
  'Duration',
  'ErrorCode',
  'EventHooks',
  'FetchClientOptions',
  'FetchTransportOptions',
  'HeaderTypes',
  'Loaded',
  'LoadedClient',
  'Phase',
  'QueryParamTypes',
  'RequestContent',
  'RequestData',
  'RequestFile',
  'RequestFiles',
  'SendOptions',
  'Sent',
  'TimeoutOptions',
  'TimeoutTypes',
  'URLTypes',
];
/** What `load()` gives. */
const LOADED_VALUES: readonly string[] = [
  'AsyncBaseTransport',
  'AsyncClient',
  'Auth',
  'BasicAuth',
  'BearerAuth',
  'Cookies',
  'DigestAuth',
  'FetchTransport',
  'FunctionAuth',
  'HandlerTransport',
  'Headers',
  'MockTransport',
  'OAuth2ClientCredentials',
  'OAuth2RefreshToken',
  'Origin',
  'QueryParams',
  'Request',
  'Response',
  'Timeout',
  'URL',
  'codes',
];

const CORE_VALUES: readonly string[] = [
  'ClientConnection',
  'DecoderStream',
  'DecodingError',
  'Headers',
  'HpackDecoder',
  'HpackEncoder',
  'LoadError',
  'LocalProtocolError',
  'RemoteProtocolError',
  'decode',
  'decodeSync',
];
const CORE_TYPES: readonly string[] = [
  'ClientConnectionOptions',
  'Coding',
  'ConnectionEvent',
  'DecodeOptions',
  'ExchangeRequest',
  'HpackDecoderOptions',
  'HpackEncoderOptions',
  'HpackField',
  'HttpVersion',
];

const isBuilt = existsSync(join(ROOT, 'dist/index.d.ts'));

describe('the root entry', () => {
  test('exports these values', async () => {
    const entry: object = await import('httpx-wasm');
    expect(Object.keys(entry).sort()).toEqual(VALUES);
  });

  test('exports these types', () => {
    expect(exportsOf(parse('src/index.ts')).types).toEqual(TYPES);
  });

  test.skipIf(!isBuilt)(`is declared as it is${isBuilt ? '' : ' (skipped: dist is absent, run npm run build)'}`, () => {
    const declared = exportsOf(parse('dist/index.d.cts'));
    expect([...declared.values, ...declared.types].sort()).toEqual([...VALUES, ...TYPES].sort());
  });

  test('is the sources to tests, not what was built of them', async () => {
    const [byName, byPath] = await Promise.all([import('httpx-wasm'), import('../src/index.js')]);
    expect(byName.HTTPError).toBe(byPath.HTTPError);
  });

  test('knows the version of its package', async () => {
    const { VERSION } = await import('../src/version.js');
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string };
    expect(VERSION).toBe(manifest.version);
  });
});

describe('httpx-wasm/sync', () => {
  test('exports these values, and Client is that of the root', async () => {
    const [entry, root] = await Promise.all([import('httpx-wasm/sync'), import('httpx-wasm')]);
    expect(Object.keys(entry).sort()).toEqual(SYNC_VALUES);
    expect(entry.Client).toBe(root.Client);
  });
});

describe('httpx-wasm/fetch', () => {
  // Both entries have functions of these names, and a client; all else is the same object.
  const OWN: readonly string[] = ['AsyncClient', 'load', ...SYNC_VALUES];

  test('exports these values, and its errors are those of the root', async () => {
    const [entry, root]: Record<string, unknown>[] = await Promise.all([
      import('httpx-wasm/fetch'),
      import('httpx-wasm'),
    ]);
    expect(Object.keys(entry ?? {}).sort()).toEqual(FETCH_VALUES);
    const shared = FETCH_VALUES.filter((name) => !OWN.includes(name));
    expect(shared.filter((name) => entry?.[name] !== root?.[name])).toEqual([]);
  });

  test('exports these types', () => {
    expect(exportsOf(parse('src/fetch-api.ts')).types).toEqual(FETCH_TYPES);
  });

  test('loads the classes of the root, and its own client', async () => {
    const { load } = await import('httpx-wasm/fetch');
    const [loaded, root]: Record<string, unknown>[] = await Promise.all([load(), import('httpx-wasm')]);
    expect(Object.keys(loaded ?? {}).sort()).toEqual(LOADED_VALUES);
    expect(LOADED_VALUES.filter((name) => loaded?.[name] !== root?.[name])).toEqual(['AsyncClient']);
  });
});

describe('httpx-wasm/core', () => {
  test('exports these values, and its errors are those of the root', async () => {
    const [entry, root] = await Promise.all([import('httpx-wasm/core'), import('httpx-wasm')]);
    expect(Object.keys(entry).sort()).toEqual(CORE_VALUES);
    expect(entry.DecodingError).toBe(root.DecodingError);
    expect(entry.RemoteProtocolError).toBe(root.RemoteProtocolError);
  });

  test('exports these types', () => {
    expect(exportsOf(parse('src/core-api.ts')).types).toEqual(CORE_TYPES);
  });
});
