/** Proxies of every kind over real sockets: where requests go, what each side sees, and what ends where. Both clients. */
import { describe, expect, test } from 'vitest';
import {
  CloseError,
  ConnectError,
  ConnectTimeout,
  LocalProtocolError,
  ProxyError,
  ReadError,
} from '../../src/index.js';
import { certificates } from '../support/certificates.js';
import { type ClientOptions, failureOf } from '../support/client.js';
import { clients } from '../support/clients.js';
import { always, type Dialogue, dialogue } from '../support/dialogue.js';
import { answer } from '../support/octets.js';
import { type ScriptedServer, type ScriptOptions, serve } from '../support/scripted-server.js';
import { connecting, ESTABLISHED, EXAMPLE, proxyTo, SOCKS_OPEN, TUNNELS, type TunnelKind } from '../support/tunnels.js';

const made = await certificates();
const trusting = { verify: { ca: made.root.cert } } satisfies ClientOptions;
const origin = (tls: ScriptOptions['tls'], script: Dialogue = always(answer('secure'))): Promise<ScriptedServer> =>
  serve(script, { repeatLast: true, ...(tls === undefined ? {} : { tls }) });

describe.each(clients)('$name', (client) => {
  describe.each(TUNNELS)('through $kind', (kind) => {
    test('TLS is with the origin: its name is checked, its protocol spoken, its connection kept', async () => {
      const server = await origin(made.server);
      const { server: between, proxy } = await proxyTo(server.port, kind);
      const opened = client.open({ ...trusting, proxy });
      for (const path of ['/one', '/two']) {
        const response = await opened.get(`https://example.test.invalid:8443${path}`);
        expect(response.text).toBe('secure');
      }
      expect(server.heads.map((head) => head.split('\r\n', 2))).toEqual([
        ['GET /one HTTP/1.1', 'Host: example.test.invalid:8443'],
        ['GET /two HTTP/1.1', 'Host: example.test.invalid:8443'],
      ]);
      expect(server.peer(0).tls?.servername).toBe('example.test.invalid');
      expect([server.accepted, between.accepted]).toEqual([1, 1]);
    });

    test.each([
      ['of an authority that nobody knows', 'stranger', /self-signed|authority|issuer|certificate/],
      ['for another name', 'otherName', /other\.invalid|name/],
      ['that has expired', 'expired', /expired/],
    ] as const)('SECURITY 6.6: a certificate %s is refused, and the message says why', async (_what, which, why) => {
      const server = await origin(made[which]);
      const { server: between, proxy } = await proxyTo(server.port, kind);
      const opened = client.over({ ...trusting, proxy, retries: 2 });
      const error = await failureOf(() => opened.get('https://example.test.invalid/'), ConnectError);
      expect(error).toMatchObject({ phase: 'tls', sent: 'none', retryable: false });
      expect(error.message).toMatch(why);
      expect([server.octetsHeard, server.accepted, between.accepted]).toEqual([0, 1, 1]);
      await between.emptied();
    });

    test.each([
      ['breaks off', dialogue().hearOctets(1).fin()],
      ['is reset', dialogue().hearOctets(1).reset()],
    ])('a handshake with the origin that %s is tried again', async (_what, script) => {
      const server = await origin(undefined, script);
      const { proxy } = await proxyTo(server.port, kind);
      const opened = client.over({ ...trusting, proxy, retries: 1 });
      const error = await failureOf(() => opened.get('https://example.test.invalid/'), ConnectError);
      expect(error).toMatchObject({ phase: 'tls', sent: 'none', retryable: true });
      expect(server.accepted).toBe(2);
    });

    test('SECURITY 6.6: a client certificate is shown to the origin', async () => {
      const server = await origin({ ...made.server, clientCa: made.root.cert });
      const { proxy } = await proxyTo(server.port, kind);
      const verify = { ...trusting.verify, cert: made.client.cert, key: made.client.key };
      const opened = client.open({ verify, proxy });
      expect((await opened.get('https://example.test.invalid/')).text).toBe('secure');
      expect(server.peer(0).tls?.clientName).toBe('A client');
    });

    test('SECURITY 6.6: pins hold, sniHostname counts, and verify: false is the only switch', async () => {
      const server = await origin(made.otherName);
      const { proxy } = await proxyTo(server.port, kind);
      const pinned = client.open({ verify: { ...trusting.verify, pins: ['A'.repeat(43).concat('=')] }, proxy });
      const extensions = { sniHostname: 'other.invalid' };
      const error = await failureOf(() => pinned.get('https://example.test.invalid/', { extensions }), ConnectError);
      expect(error.message).toContain('not pinned');
      const named = client.open({ ...trusting, proxy });
      expect((await named.get('https://example.test.invalid/', { extensions })).text).toBe('secure');
      const lenient = client.open({ verify: false, proxy });
      expect((await lenient.get('https://example.test.invalid/')).text).toBe('secure');
    });

    test('errors of what is inside name the origin, not the proxy', async () => {
      const server = await origin({ ...made.server, clientCa: made.root.cert });
      const { proxy } = await proxyTo(server.port, kind);
      // One is told while TLS is set up, the other when the answer is read.
      for (const settings of [{}, trusting]) {
        const opened = client.open({ ...settings, proxy });
        const error = await failureOf(() => opened.get('https://example.test.invalid/'), ConnectError);
        expect(error.message).toMatch(/^Cannot set up TLS with example\.test\.invalid:443: /);
      }
    });

    test('large bodies go both ways whole', async () => {
      const large = 'x'.repeat(3_000_000);
      const server = await origin(made.server, dialogue().loop(dialogue().hear().say(answer(large))));
      const { proxy } = await proxyTo(server.port, kind);
      const opened = client.open({ ...trusting, proxy });
      const response = await opened.post('https://example.test.invalid/', { content: large });
      expect(response.text.length).toBe(large.length);
      expect(server.peer(0).requests[0]?.body.length).toBe(large.length);
    });

    test('a closed client leaves no socket open, at neither side', async () => {
      const server = await origin(made.server);
      const { server: between, proxy } = await proxyTo(server.port, kind);
      const opened = client.open({ ...trusting, proxy });
      await opened.get('https://example.test.invalid/');
      await client.close(opened);
      await Promise.all([server.emptied(), between.emptied()]);
    });
  });

  test('an https proxy whose certificate nobody trusts is asked for nothing', async () => {
    const between = await serve(always(answer('never')), { tls: made.stranger, repeatLast: true });
    const url = `https://127.0.0.1:${between.port}`;
    for (const target of ['https://example.test.invalid/', 'http://example.test.invalid/']) {
      const error = await failureOf(() => client.open({ verify: false, proxy: url }).get(target), ConnectError);
      expect(error.phase).toBe('tls');
      expect(error.message).toContain(`127.0.0.1:${between.port}`);
    }
    expect(between.octetsHeard).toBe(0);
    const trusted = client.open({ proxy: { url, tls: { ca: made.strangerRoot.cert } } });
    expect((await trusted.get('http://example.test.invalid/')).text).toBe('never');
  });

  test('errors in a tunnel without TLS name the origin too', async () => {
    const opening = dialogue().hearOctets(3).say(Uint8Array.of(5, 0)).hearOctets(10).say(SOCKS_OPEN);
    const between = await serve(opening.hear().reset());
    const opened = client.open({ proxy: `socks5://127.0.0.1:${between.port}` });
    const error = await failureOf(() => opened.get('http://127.0.0.9/'), ReadError);
    expect(error.message).toMatch(/^Cannot read from 127\.0\.0\.9:80: /);
  });

  test('SOCKS 5 leads to http origins too, and names are the proxy’s to resolve', async () => {
    const server = await origin(undefined, always(answer('plain')));
    const { server: between, proxy } = await proxyTo(server.port, TUNNELS[2] as TunnelKind);
    expect((await client.open({ proxy }).get('http://example.test.invalid/')).text).toBe('plain');
    expect(between.peer(0).octets.subarray(0, 30)).toEqual(
      Buffer.from([5, 1, 0, 5, 1, 0, 3, EXAMPLE.length, ...EXAMPLE, 0, 80].slice(0, 30)),
    );
  });

  test('an HTTP proxy forwards requests for all http origins over one connection', async () => {
    const between = await serve(always(answer('forwarded')), { repeatLast: true });
    const opened = client.open({ proxy: `http://user:pa%3Ass@127.0.0.1:${between.port}` });
    await opened.get('http://one.invalid/a?b=c');
    await opened.get('http://two.invalid:8080/');
    expect(between.accepted).toBe(1);
    const lines = between.heads.map((head) => head.split('\r\n').slice(0, 3));
    expect(lines).toEqual([
      ['GET http://one.invalid/a?b=c HTTP/1.1', 'Host: one.invalid', 'Proxy-Authorization: Basic dXNlcjpwYTpzcw=='],
      [
        'GET http://two.invalid:8080/ HTTP/1.1',
        'Host: two.invalid:8080',
        'Proxy-Authorization: Basic dXNlcjpwYTpzcw==',
      ],
    ]);
  });

  test('407 to a forwarded request is a response like any other', async () => {
    const between = await serve(always(answer('who are you?', 'Proxy-Authenticate: Basic\r\n', '407 No')));
    const response = await client.open({ proxy: `http://127.0.0.1:${between.port}` }).get('http://one.invalid/');
    expect([response.statusCode, response.text]).toEqual([407, 'who are you?']);
  });
});

describe.each(clients)('$name and a proxy that fails', (client) => {
  const to = (port: number, scheme = 'http'): { readonly proxy: string } => ({
    proxy: `${scheme}://user:secret@127.0.0.1:${port}`,
  });
  const target = 'https://example.test.invalid/path';

  test('SECURITY 6.5: what it says before it agrees is nobody’s response, and shows no credentials', async () => {
    const refusals = [
      'HTTP/1.1 302 Found\r\nLocation: http://evil.invalid/\r\nContent-Length: 0\r\n\r\n',
      'HTTP/1.1 407 Who\r\nSet-Cookie: a=b; Domain=test.invalid\r\nContent-Length: 4\r\n\r\nbody',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
      'SSH-2.0-x\r\n\r\n',
      'HTTP/1.1 502 Bad',
    ];
    for (const refusal of refusals) {
      const between = await serve(dialogue().hearHead().say(refusal).fin());
      const opened = client.open({ ...to(between.port), followRedirects: true });
      const error = await failureOf(() => opened.get(target), ProxyError);
      expect(error).toMatchObject({ code: 'ERR_PROXY', phase: 'proxy', sent: 'none' });
      expect(error.request.url.href).toBe(target);
      expect(error.message).toContain(`through http://127.0.0.1:${between.port}: `);
      expect(`${error.message} ${error.stack} ${String(error.cause)}`).not.toMatch(/secret|dXNlcjpzZWNyZXQ/);
      expect(opened.cookies.size).toBe(0);
      await between.emptied();
      expect(between.accepted).toBe(1);
    }
  });

  test('SECURITY 6.5: octets in the clear behind its answer are never taken for the origin’s', async () => {
    const between = await serve(
      dialogue()
        .hearHead()
        .say(`${ESTABLISHED}${answer('evil')}`)
        .stall(),
    );
    const error = await failureOf(() => client.open(to(between.port)).get(target), ConnectError);
    expect(error.phase).toBe('tls');
    expect(error.message).toMatch(/in the clear/);
    await between.emptied();
    const early = dialogue().hearOctets(4).say(Uint8Array.of(5, 0)).hearOctets(27);
    early.say(Buffer.concat([SOCKS_OPEN, Buffer.from(answer('evil'))]));
    const socksServer = await serve(early.stall());
    const plain = client.open(to(socksServer.port, 'socks5'));
    await failureOf(() => plain.get('http://example.test.invalid/'), ProxyError);
    await socksServer.emptied();
  });

  test('SECURITY 6.5: its credentials never go to the origin', async () => {
    const server = await origin(made.server, always(answer('secure', 'Set-Cookie: a=b\r\n')));
    const between = await serve(connecting(server.port));
    const proxy = `http://user:secret@127.0.0.1:${between.port}`;
    await client.open({ ...trusting, proxy }).get('https://127.0.0.1/');
    expect(between.heads[0]).toContain('Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=');
    expect(server.peer(0).text).not.toMatch(/proxy-authorization|dXNlcjpzZWNyZXQ/i);
  });

  test('SECURITY 6.7: a name of more than 255 octets is refused here, and not looked up', async () => {
    const between = await serve(dialogue().stall());
    const host = `${'a'.repeat(63)}.`.repeat(4);
    const opened = client.open({ ...to(between.port, 'socks5h'), resolve: () => [] });
    const error = await failureOf(() => opened.get(`http://${host}/`), LocalProtocolError);
    expect(error.message).toMatch(/256 octets/);
    expect(between.accepted).toBe(0);
  });

  test.each(['http', 'socks5'])('SECURITY 2.5: one limit holds from TCP to TLS, wherever %s stalls', async (scheme) => {
    const dialogues =
      scheme === 'http'
        ? [
            dialogue().stall(),
            dialogue().hearHead().say('HTTP/1.1 200').stall(),
            dialogue().hearHead().say(ESTABLISHED).stall(),
          ]
        : [
            dialogue().stall(),
            dialogue().hearOctets(4).say(Uint8Array.of(5)).stall(),
            dialogue().hearOctets(4).say(Uint8Array.of(5, 2)).stall(),
            dialogue().hearOctets(4).say(Uint8Array.of(5, 0)).hearOctets(27).say(SOCKS_OPEN).stall(),
          ];
    const between = await serve(dialogues);
    const opened = client.open({ ...to(between.port, scheme), timeout: { connect: 1000 } });
    for (const each of dialogues) {
      const error = await failureOf(() => opened.get(target), ConnectTimeout);
      const isLast = each === dialogues.at(-1);
      expect(error).toMatchObject({ phase: isLast ? 'tls' : 'proxy', sent: 'none', retryable: true });
      expect(error.message).toContain('1000 ms');
    }
    await between.emptied();
  });

  test.each([
    ['http', 'https://example.test.invalid/', 'https://example.test.invalid'],
    ['http', 'http://example.test.invalid/', 'http://example.test.invalid'],
    ['socks5', 'http://example.test.invalid/', 'http://example.test.invalid'],
  ])('no %s proxy there, for %s: a ConnectError that names it and the target', async (scheme, url, origin) => {
    const between = await serve(dialogue().stall());
    await between.close();
    const error = await failureOf(() => client.open(to(between.port, scheme)).get(url), ConnectError);
    const place = `127.0.0.1:${between.port}`;
    const named = `Cannot connect to ${origin} through the proxy ${scheme}://${place}: Cannot connect to ${place}: `;
    expect(error.message.startsWith(named), error.message).toBe(true);
    expect(error).toMatchObject({ phase: 'connect', sent: 'none', retryable: true });
  });

  test.each(['http', 'socks5'])(
    'a connection that %s drops after any octet of its answers ends the call',
    async (scheme) => {
      const said = scheme === 'http' ? Buffer.from(ESTABLISHED) : Buffer.from([5, 2, 1, 0, ...SOCKS_OPEN]);
      const scripts = Array.from(said, (_octet, cut) => {
        const script = dialogue();
        if (scheme === 'http') return script.hearHead().say(said.subarray(0, cut)).fin();
        script.hearOctets(4).say(said.subarray(0, Math.min(cut, 2)));
        if (cut > 2) script.hearOctets(13).say(said.subarray(2, Math.min(cut, 4)));
        if (cut > 4) script.hearOctets(27).say(said.subarray(4, cut));
        return script.fin();
      });
      const between = await serve(scripts);
      const opened = client.open(to(between.port, scheme));
      for (const _script of scripts) await failureOf(() => opened.get(target), ProxyError);
      expect(between.accepted).toBe(scripts.length);
      await between.emptied();
    },
  );
});

describe('AsyncClient and a proxy that stalls', () => {
  const stalls: readonly (readonly [where: string, scheme: string, heardOctets: number, script: () => Dialogue])[] = [
    ['CONNECT is unanswered', 'http', 1, () => dialogue().stall()],
    ['half a head has come', 'http', 1, () => dialogue().hearHead().say('HTTP/1.1 200').stall()],
    ['TLS is being set up', 'http', 100, () => dialogue().hearHead().say(ESTABLISHED).stall()],
    ['SOCKS is being greeted', 'socks5', 1, () => dialogue().stall()],
    ['the password is unanswered', 'socks5', 5, () => dialogue().hearOctets(4).say(Uint8Array.of(5, 2)).stall()],
    ['the request is unanswered', 'socks5', 5, () => dialogue().hearOctets(4).say(Uint8Array.of(5, 0)).stall()],
  ];
  const client = clients[0] as (typeof clients)[number];
  const proxyAt = (scheme: string, port: number): string => `${scheme}://user:secret@127.0.0.1:${port}`;

  test.each(stalls)(
    'an abort while %s ends the call, and leaves nothing open',
    async (_where, scheme, heard, script) => {
      const between = await serve(script());
      const opened = client.open({ proxy: proxyAt(scheme, between.port) });
      const controller = new AbortController();
      const call = opened.get('https://example.test.invalid/', { signal: controller.signal }) as Promise<unknown>;
      const outcome = call.then(
        () => 'answered',
        (reason: unknown) => reason,
      );
      await between.until(() => between.octetsHeard >= heard);
      controller.abort('given up');
      expect(await outcome).toBe('given up');
      await between.emptied();
    },
  );

  test.each(stalls)(
    'closing the client while %s fails the call with CloseError',
    async (_where, scheme, heard, script) => {
      const between = await serve(script());
      const opened = client.open({ proxy: proxyAt(scheme, between.port) });
      const failure = failureOf(() => opened.get('https://example.test.invalid/'), CloseError);
      await between.until(() => between.octetsHeard >= heard);
      await client.close(opened);
      await failure;
      await between.emptied();
    },
  );
});
