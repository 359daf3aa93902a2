import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import * as exceptions from '../../src/exceptions.js';
import type { Request } from '../../src/request.js';
import type { Response } from '../../src/response.js';

const request = { method: 'GET' } as Request;
const response = { statusCode: 404 } as Response;

/** Child, parent, code. httpx's tree, and TotalTimeout, ClientClosed and LoadError beyond it. */
const TREE: readonly (readonly [string, string, string])[] = [
  ['HTTPError', 'Error', 'ERR_HTTP'],
  ['RequestError', 'HTTPError', 'ERR_REQUEST'],
  ['TransportError', 'RequestError', 'ERR_TRANSPORT'],
  ['TimeoutException', 'TransportError', 'ERR_TIMEOUT'],
  ['ConnectTimeout', 'TimeoutException', 'ERR_CONNECT_TIMEOUT'],
  ['ReadTimeout', 'TimeoutException', 'ERR_READ_TIMEOUT'],
  ['WriteTimeout', 'TimeoutException', 'ERR_WRITE_TIMEOUT'],
  ['PoolTimeout', 'TimeoutException', 'ERR_POOL_TIMEOUT'],
  ['TotalTimeout', 'TimeoutException', 'ERR_TOTAL_TIMEOUT'],
  ['NetworkError', 'TransportError', 'ERR_NETWORK'],
  ['ConnectError', 'NetworkError', 'ERR_CONNECT'],
  ['ReadError', 'NetworkError', 'ERR_READ'],
  ['WriteError', 'NetworkError', 'ERR_WRITE'],
  ['CloseError', 'NetworkError', 'ERR_CLOSE'],
  ['ProtocolError', 'TransportError', 'ERR_PROTOCOL'],
  ['LocalProtocolError', 'ProtocolError', 'ERR_LOCAL_PROTOCOL'],
  ['RemoteProtocolError', 'ProtocolError', 'ERR_REMOTE_PROTOCOL'],
  ['ProxyError', 'TransportError', 'ERR_PROXY'],
  ['UnsupportedProtocol', 'TransportError', 'ERR_UNSUPPORTED_PROTOCOL'],
  ['DecodingError', 'RequestError', 'ERR_DECODING'],
  ['TooManyRedirects', 'RequestError', 'ERR_TOO_MANY_REDIRECTS'],
  ['HTTPStatusError', 'HTTPError', 'ERR_HTTP_STATUS'],
  ['InvalidURL', 'Error', 'ERR_INVALID_URL'],
  ['CookieConflict', 'Error', 'ERR_COOKIE_CONFLICT'],
  ['ClientClosed', 'Error', 'ERR_CLIENT_CLOSED'],
  ['LoadError', 'Error', 'ERR_LOAD'],
  ['StreamError', 'Error', 'ERR_STREAM'],
  ['StreamConsumed', 'StreamError', 'ERR_STREAM_CONSUMED'],
  ['StreamClosed', 'StreamError', 'ERR_STREAM_CLOSED'],
  ['ResponseNotRead', 'StreamError', 'ERR_RESPONSE_NOT_READ'],
  ['RequestNotRead', 'StreamError', 'ERR_REQUEST_NOT_READ'],
];

type AnyError = Error & { code: string };
type AnyClass = new (message: string, options: object) => AnyError;
const classes = exceptions as unknown as Record<string, AnyClass>;

function made(name: string, options: object = {}): AnyError {
  return new (classes[name] as AnyClass)('what happened', { request, response, ...options });
}

describe('the tree of errors', () => {
  test.each(TREE)('%s extends %s and says %s', (name, parent, code) => {
    const error = made(name);
    expect(Object.getPrototypeOf(classes[name])).toBe(parent === 'Error' ? Error : classes[parent]);
    expect(error.name).toBe(name);
    expect(error.code).toBe(code);
    expect(error.message).toBe('what happened');
    expect(String(error)).toBe(`${name}: what happened`);
    expect(error.stack).toContain(`${name}: what happened`);
  });

  test('every class that is exported is in it, and no code occurs twice', () => {
    expect(Object.keys(exceptions).sort()).toEqual(TREE.map(([name]) => name).sort());
    expect(new Set(TREE.map(([, , code]) => code)).size).toBe(TREE.length);
  });

  test.each(TREE)('%s takes a cause and another code', (name) => {
    const cause = new Error('below');
    const error = made(name, { cause, code: 'ERR_READ' });
    expect(error.cause).toBe(cause);
    expect(error.code).toBe('ERR_READ');
    expect('cause' in made(name)).toBe(false);
  });

  test('options are the caller’s own, not what a polluted prototype says', () => {
    const prototype = Object.prototype as unknown as Record<string, unknown>;
    prototype.retryable = true;
    prototype.sent = 'none';
    try {
      const error = new exceptions.ReadTimeout('late', {});
      expect([error.retryable, error.sent]).toEqual([false, 'full']);
    } finally {
      delete prototype.retryable;
      delete prototype.sent;
    }
  });
});

describe('the request of an error', () => {
  test('is an error to ask for while none is attached', () => {
    const error = new exceptions.ReadError('reset');
    expect(error.hasRequest).toBe(false);
    expect(() => error.request).toThrow('Cannot read error.request: the error has no request attached');
  });

  test('is attached once: the first one stays', () => {
    const error = new exceptions.ReadError('reset').attachRequest(request);
    expect(error.attachRequest({ method: 'POST' } as Request).request).toBe(request);
    expect(error.hasRequest).toBe(true);
    expect(new exceptions.ReadError('reset', { request }).request).toBe(request);
  });

  test('is not shown by inspection', () => {
    expect(inspect(new exceptions.ReadError('reset', { request }))).not.toContain('GET');
  });

  test('comes with the response where a status was the error', () => {
    const error = new exceptions.HTTPStatusError('404', { request, response });
    expect(error.request).toBe(request);
    expect(error.response).toBe(response);
  });
});

describe('transport errors', () => {
  test.each([
    ['ConnectTimeout', 'connect', 'none', true],
    ['ConnectError', 'connect', 'none', true],
    ['PoolTimeout', 'pool', 'none', true],
    ['ReadTimeout', 'read', 'full', false],
    ['ReadError', 'read', 'full', false],
    ['RemoteProtocolError', 'read', 'full', false],
    ['WriteTimeout', 'write', 'partial', false],
    ['WriteError', 'write', 'partial', false],
    ['ProxyError', 'proxy', 'none', false],
    ['LocalProtocolError', null, 'none', false],
    ['UnsupportedProtocol', null, 'none', false],
    ['TotalTimeout', null, 'full', false],
    ['CloseError', null, 'full', false],
    ['TransportError', null, 'full', false],
  ] as const)('%s: phase %s, sent %s, retryable %s unless told otherwise', (name, phase, sent, retryable) => {
    expect(made(name)).toMatchObject({ phase, sent, retryable });
  });

  test('say what they are told', () => {
    const error = new exceptions.ConnectError('no certificate', { phase: 'tls', sent: 'none', retryable: false });
    expect(error).toMatchObject({ phase: 'tls', sent: 'none', retryable: false });
    expect(new exceptions.ReadError('reset', { phase: null }).phase).toBeNull();
  });

  test('are not retryable by themselves once anything was sent', () => {
    expect(new exceptions.ConnectTimeout('late', { sent: 'partial' }).retryable).toBe(false);
  });

  test('show code, phase, sent and retryable when inspected', () => {
    expect(inspect(new exceptions.ReadTimeout('late'))).toContain("code: 'ERR_READ_TIMEOUT'");
    expect(inspect(new exceptions.ReadTimeout('late'))).toContain("sent: 'full'");
  });
});

describe('errors with a message of their own', () => {
  test.each(['ClientClosed', 'StreamConsumed', 'StreamClosed', 'ResponseNotRead', 'RequestNotRead'])(
    '%s explains itself',
    (name) => {
      const Class = classes[name] as unknown as new (message?: string) => Error;
      expect(new Class().message).toMatch(/^Cannot .{20,}/);
      expect(new Class('other').message).toBe('other');
    },
  );

  test('InvalidURL knows the position of the offending character, if there is one', () => {
    expect(new exceptions.InvalidURL('bad').position).toBeNull();
    expect(new exceptions.InvalidURL('bad', { position: 3 }).position).toBe(3);
  });
});
