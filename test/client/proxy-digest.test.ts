/** Digest authentication with proxies (RFC 7616 §3.8): challenges of 407, to CONNECT and to forwarded requests. */
import { createHash } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AsyncClient, DigestAuth, Proxy, ProxyError } from '../../src/index.js';
import { certificates } from '../support/certificates.js';
import { failureOf } from '../support/client.js';
import { clients } from '../support/clients.js';
import { always, type Dialogue, dialogue, gate } from '../support/dialogue.js';
import { answer, fieldOf } from '../support/octets.js';
import { type ScriptedServer, serve } from '../support/scripted-server.js';

const made = await certificates();
const trusting = { verify: { ca: made.root.cert } };
const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n';
const challenge = (fields = '', more = ''): string =>
  answer(
    'no',
    `Proxy-Authenticate: Digest realm="r", nonce="n1", qop="auth", algorithm=SHA-256${more}\r\n${fields}`,
    '407 No',
  );
const auth = new DigestAuth('user', 'secret');
const proxyAt = (port: number): { readonly url: string; readonly auth: DigestAuth } => ({
  url: `http://127.0.0.1:${port}`,
  auth,
});
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The parameters of the Proxy-Authorization of a head. */
function paramsOf(head: string | undefined): Record<string, string> {
  const value = fieldOf(head ?? '', 'proxy-authorization') ?? '';
  return Object.fromEntries([...value.matchAll(/(\w+)="?([^",]*)"?/g)].map(([, name, text]) => [name, text]));
}

/** What the proxy would compute. */
function rightResponse(method: string, uri: string, { nonce, nc, cnonce }: Record<string, string>): string {
  const [plain, subject] = [sha256('user:r:secret'), sha256(`${method}:${uri}`)];
  return sha256(`${plain}:${nonce}:${nc}:${cnonce}:auth:${subject}`);
}

describe.each(clients)('$name', (client) => {
  test('the challenge to CONNECT is answered on the same connection, and remembered for the next tunnel', async () => {
    const server = await serve(always(answer('secure')), { tls: made.server, repeatLast: true });
    const between = await serve([
      dialogue().hearHead().say(challenge()).hearHead().say(ESTABLISHED).join(server.port),
      dialogue().hearHead().say(ESTABLISHED).join(server.port),
    ]);
    const opened = client.open({ ...trusting, proxy: proxyAt(between.port) });
    expect((await opened.get('https://127.0.0.1/')).text).toBe('secure');
    expect((await opened.get('https://localhost:8443/')).text).toBe('secure');
    const [first, second, third] = between.heads;
    expect(first).not.toMatch(/authorization/i);
    const params = paramsOf(second);
    expect(params).toMatchObject({ username: 'user', realm: 'r', uri: '127.0.0.1:443', nc: '00000001' });
    expect(params.response).toBe(rightResponse('CONNECT', '127.0.0.1:443', params));
    const again = paramsOf(third);
    expect(again).toMatchObject({ uri: 'localhost:8443', nc: '00000002', nonce: 'n1' });
    expect(again.response).toBe(rightResponse('CONNECT', 'localhost:8443', again));
    expect(server.peers.map(({ text }) => text).join('')).not.toMatch(/authorization|secret/i);
    expect(between.accepted).toBe(2);
  });

  test.each([
    ['says Connection: close', (script: Dialogue) => script.say(challenge('Connection: close\r\n'))],
    [
      'speaks until it closes',
      (script: Dialogue) => script.say(challenge().replace(/Content-Length.*\r\n/i, '')).fin(),
    ],
    [
      'breaks off',
      (script: Dialogue) => script.say(challenge().replace(/Content-Length.*/i, 'Content-Length: 9')).fin(),
    ],
    [
      'has much to say',
      (script: Dialogue) =>
        script
          .say(challenge().replace(/Content-Length.*/i, 'Content-Length: 99999'))
          .say('x'.repeat(70_000))
          .stall(),
    ],
  ])('a proxy that %s is asked again over another connection', async (_what, refused) => {
    const server = await serve(always(answer('secure')), { tls: made.server });
    const between = await serve([
      refused(dialogue().hearHead()),
      dialogue().hearHead().say(ESTABLISHED).join(server.port),
    ]);
    const opened = client.open({ ...trusting, proxy: proxyAt(between.port) });
    expect((await opened.get('https://127.0.0.1/')).text).toBe('secure');
    expect(paramsOf(between.heads[1]).nc).toBe('00000001');
    expect(between.accepted).toBe(2);
  });

  test('credentials that are refused are not sent again; those of a stale nonce are', async () => {
    const wrong = await serve(dialogue().hearHead().say(challenge()).hearHead().say(challenge()).stall());
    const failing = client.open({ proxy: proxyAt(wrong.port) });
    const error = await failureOf(() => failing.get('https://127.0.0.1/'), ProxyError);
    expect(error.message).toMatch(/CONNECT with 407 No$/);
    expect(wrong.heads.length).toBe(2);
    await wrong.emptied();

    const server = await serve(always(answer('secure')), { tls: made.server, repeatLast: true });
    const stale = challenge('', ', stale=true').replace('n1', 'n2');
    const between = await serve([
      dialogue().hearHead().say(challenge()).hearHead().say(ESTABLISHED).join(server.port),
      dialogue().hearHead().say(stale).hearHead().say(ESTABLISHED).join(server.port),
    ]);
    const opened = client.open({ ...trusting, proxy: proxyAt(between.port) });
    await opened.get('https://127.0.0.1/');
    await opened.get('https://localhost/');
    expect(between.heads.slice(1).map((head) => [paramsOf(head).nonce, paramsOf(head).nc])).toEqual([
      ['n1', '00000001'],
      ['n1', '00000002'],
      ['n2', '00000001'],
    ]);
  });

  test.each([
    ['Basic', 'Proxy-Authenticate: Basic realm="r"\r\n'],
    ['nothing that is known', 'Proxy-Authenticate: Digest realm="r", nonce="n", algorithm=ROT13\r\n'],
    ['nonsense', 'Proxy-Authenticate: Digest nonsense\r\n'],
  ])('never answers %s: what is refused stays refused', async (_what, fields) => {
    const between = await serve(
      dialogue()
        .hearHead()
        .say(answer('', fields, '407 No'))
        .stall(),
    );
    const error = await failureOf(
      () => client.open({ proxy: proxyAt(between.port) }).get('https://127.0.0.1/'),
      ProxyError,
    );
    expect(error.message).toContain('407');
    expect(between.heads.length).toBe(1);
  });

  test('a forwarded request is answered for, with its body, and the next one at once', async () => {
    const script = dialogue().hear().say(challenge()).hear().say(answer('done')).hear().say(answer('more'));
    const between = await serve(script);
    const opened = client.open({ proxy: proxyAt(between.port) });
    const url = 'http://one.invalid/a?b=c';
    expect((await opened.post(url, { content: 'body' })).text).toBe('done');
    expect((await opened.get('http://two.invalid/')).text).toBe('more');
    const params = paramsOf(between.heads[1]);
    expect(params.response).toBe(rightResponse('POST', url, params));
    expect(paramsOf(between.heads[2])).toMatchObject({ uri: 'http://two.invalid/', nc: '00000002' });
    expect(between.peer(0).requests.map(({ body }) => body.toString())).toEqual(['body', 'body', '']);
    expect(between.accepted).toBe(1);
  });

  test('a forwarded request that cannot be sent again keeps its 407', async () => {
    const between = await serve(dialogue().hear().say(challenge()));
    const opened = client.open({ proxy: proxyAt(between.port) });
    const response = await opened.post('http://one.invalid/', { content: client.pieces(['body']) });
    expect([response.statusCode, response.text]).toEqual([407, 'no']);
  });

  test('a forwarded request keeps a 407 whose challenge is malformed, and its place in the pool is free again', async () => {
    const malformed = answer('no', 'Proxy-Authenticate: Digest ,,,=\r\n', '407 No');
    const between = await serve(dialogue().hear().say(malformed).hear().say(answer('more')));
    const opened = client.open({
      proxy: proxyAt(between.port),
      limits: { maxConnections: 1 },
      timeout: { pool: 1000 },
    });
    const response = await opened.get('http://one.invalid/');
    expect([response.statusCode, response.text]).toEqual([407, 'no']);
    expect((await opened.get('http://two.invalid/')).text).toBe('more');
    expect(between.accepted).toBe(1);
  });
});

describe('AsyncClient alone: requests that are refused at once', () => {
  const both = async (proxy: ScriptedServer, urls: readonly string[]): Promise<string[]> => {
    const client = new AsyncClient({ ...trusting, proxy: proxyAt(proxy.port) });
    onTestFinished(() => client.aclose());
    return (await Promise.all(urls.map((url) => client.get(url)))).map(({ text }) => text);
  };
  const counts = ({ heads }: ScriptedServer): (string | undefined)[] => heads.map((head) => paramsOf(head).nc).sort();

  test('are all sent again, though their challenges have one nonce: forwarded', async () => {
    const isHeard = gate();
    const between = await serve([
      dialogue().hear().until(isHeard).say(challenge()).hear().say(answer('one')),
      dialogue().hear().open(isHeard).say(challenge()).hear().say(answer('two')),
    ]);
    const texts = await both(between, ['http://one.invalid/', 'http://two.invalid/']);
    expect(texts.sort()).toEqual(['one', 'two']);
    expect(counts(between)).toEqual(['00000001', '00000002', undefined, undefined]);
  });

  test('are all sent again, though their challenges have one nonce: through tunnels', async () => {
    const server = await serve(always(answer('secure')), { tls: made.server, repeatLast: true });
    const isHeard = gate();
    const opened = (script: Dialogue) => script.say(challenge()).hearHead().say(ESTABLISHED).join(server.port);
    const between = await serve([
      opened(dialogue().hearHead().until(isHeard)),
      opened(dialogue().hearHead().open(isHeard)),
    ]);
    expect(await both(between, ['https://127.0.0.1/', 'https://localhost/'])).toEqual(['secure', 'secure']);
    expect(counts(between)).toEqual(['00000001', '00000002', undefined, undefined]);
  });
});

test('a Proxy with DigestAuth shows no password, and is none of SOCKS', () => {
  const proxy = new Proxy('http://p', { auth });
  expect(String(proxy)).toBe("Proxy('http://p', { auth: DigestAuth('user', '[secure]') })");
  expect([proxy.auth, proxy.rawAuth]).toEqual([auth, null]);
  expect(() => new Proxy('socks5://p', { auth })).toThrow(TypeError);
  expect(() => new Proxy('http://p', { auth: {} as unknown as DigestAuth })).toThrow(
    /\[username, password\] or DigestAuth/,
  );
});
