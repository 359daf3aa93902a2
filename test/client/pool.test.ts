/** The pool: limits, order, who shares a connection, and how long one is kept idle. */
import { describe, expect, test } from 'vitest';
import { type FakeEnvironment, fakeEnvironment, isSettled, openClient } from '../support/client.js';
import { answering } from '../support/fake-socket.js';
import { answer } from '../support/octets.js';

const url = 'http://fake.invalid/';

function answeringEnvironment(
  reply: (head: string, index: number) => string | null = () => answer('ok'),
): FakeEnvironment {
  const environment = fakeEnvironment();
  environment.connector.onSocket = answering(reply);
  return environment;
}

describe('limits', () => {
  test('maxConnections is never passed, and who waits is served in order', async () => {
    const environment = fakeEnvironment();
    const order: string[] = [];
    environment.connector.onSocket = answering((head) => {
      order.push(head.split(' ')[1] ?? '');
      return answer('ok');
    });
    const client = openClient({ limits: { maxConnections: 2 }, timeout: null }, environment);
    await Promise.all(Array.from({ length: 9 }, (_, i) => client.get(`${url}${i}`)));
    expect(environment.connector.sockets.length).toBe(2);
    expect(order).toEqual(['/0', '/1', '/2', '/3', '/4', '/5', '/6', '/7', '/8']);
  });

  test('maxKeepaliveConnections bounds what is kept idle', async () => {
    const environment = answeringEnvironment();
    const client = openClient({ limits: { maxKeepaliveConnections: 2 } }, environment);
    await Promise.all(Array.from({ length: 5 }, () => client.get(url)));
    await environment.host.settled();
    expect(environment.connector.sockets.length).toBe(5);
    expect(environment.connector.open).toBe(2);
  });

  test('who goes on in the same turn finds the connections of those that ended in it, however many', async () => {
    const environment = answeringEnvironment();
    const client = openClient({ limits: { maxKeepaliveConnections: 2 } }, environment);
    const five = () => Promise.all(Array.from({ length: 5 }, () => client.get(url)));
    await five();
    await five();
    expect(environment.connector.sockets.length).toBe(5);
    await environment.host.settled();
    expect(environment.connector.open).toBe(2);
  });

  test('with maxKeepaliveConnections 0 every request has a connection of its own', async () => {
    const environment = answeringEnvironment();
    const client = openClient({ limits: { maxKeepaliveConnections: 0 } }, environment);
    for (let i = 0; i < 3; i++) await client.get(url);
    expect(environment.connector.sockets.length).toBe(3);
    expect(environment.connector.open).toBe(0);
  });

  test('a full pool closes another origin’s idle connection rather than make a request wait', async () => {
    const environment = answeringEnvironment();
    const client = openClient({ limits: { maxConnections: 1 } }, environment);
    await client.get('http://one.invalid/');
    await client.get('http://two.invalid/');
    expect(environment.connector.sockets.map((socket) => [socket.address.host, socket.closed])).toEqual([
      ['one.invalid', true],
      ['two.invalid', false],
    ]);
  });

  test('a place that a failed connect gave back goes to who waits', async () => {
    const environment = fakeEnvironment();
    environment.connector.manual = true;
    const client = openClient({ limits: { maxConnections: 1 }, timeout: null }, environment);
    const failing = client.get('http://one.invalid/');
    failing.catch(() => {});
    const waiting = client.get('http://two.invalid/');
    await environment.host.settled();
    environment.connector.onSocket = answering(() => answer('served'));
    environment.connector.manual = false;
    environment.connector.attempts[0]?.fail(new Error('refused') as never);
    expect((await waiting).text).toBe('served');
    await expect(failing).rejects.toThrow('refused');
  });
});

describe('who shares a connection', () => {
  test.each([
    ['scheme', 'http://same.invalid:8443/', 'https://same.invalid:8443/'],
    ['host', 'http://one.invalid/', 'http://two.invalid/'],
    ['port', 'http://one.invalid:81/', 'http://one.invalid:82/'],
  ])('not two that differ in %s', async (_name, one, two) => {
    const environment = answeringEnvironment();
    const client = openClient({}, environment);
    await client.get(one);
    await client.get(two);
    await client.get(one);
    expect(environment.connector.sockets.length).toBe(2);
  });

  test('a default port is the same as none, letter case of the host does not matter', async () => {
    const environment = answeringEnvironment();
    const client = openClient({}, environment);
    await client.get('http://same.invalid/');
    await client.get('http://SAME.invalid:80/other?x');
    expect(environment.connector.sockets.length).toBe(1);
  });

  test('not two requests of one host with different sniHostname', async () => {
    const environment = answeringEnvironment();
    const client = openClient({}, environment);
    await client.get('https://same.invalid/', { extensions: { sniHostname: 'a.invalid' } });
    await client.get('https://same.invalid/', { extensions: { sniHostname: 'b.invalid' } });
    expect(environment.connector.sockets.length).toBe(2);
  });
});

describe('expiry', () => {
  test('an idle connection is closed after keepaliveExpiry, not before', async () => {
    const environment = answeringEnvironment();
    const client = openClient({ limits: { keepaliveExpiry: '2s' } }, environment);
    await client.get(url);
    await environment.host.advance(1900);
    expect(environment.connector.open).toBe(1);
    await environment.host.advance(101);
    expect(environment.connector.open).toBe(0);
    await client.get(url);
    expect(environment.connector.sockets.length).toBe(2);
  });

  test('use starts it anew', async () => {
    const environment = answeringEnvironment();
    const client = openClient({ limits: { keepaliveExpiry: '2s' } }, environment);
    for (let i = 0; i < 5; i++) {
      await client.get(url);
      await environment.host.advance(1500);
    }
    expect(environment.connector.sockets.length).toBe(1);
  });

  test('null never expires', async () => {
    const environment = answeringEnvironment();
    const client = openClient({ limits: { keepaliveExpiry: null } }, environment);
    await client.get(url);
    await environment.host.advance(86_400_000);
    await client.get(url);
    expect(environment.connector.sockets.length).toBe(1);
  });

  test('Keep-Alive: timeout=n shortens it, with a margin', async () => {
    const environment = answeringEnvironment(() => answer('ok', 'Keep-Alive: timeout=3, max=100\r\n'));
    const client = openClient({ limits: { keepaliveExpiry: '60s' } }, environment);
    await client.get(url);
    await environment.host.advance(1500);
    await client.get(url);
    expect(environment.connector.sockets.length).toBe(1);
    await environment.host.advance(3000);
    expect(environment.connector.open).toBe(0);
  });

  test('Keep-Alive: timeout=n never prolongs it', async () => {
    const environment = answeringEnvironment(() => answer('ok', 'Keep-Alive: timeout=3600\r\n'));
    const client = openClient({ limits: { keepaliveExpiry: '1s' } }, environment);
    await client.get(url);
    await environment.host.advance(1001);
    expect(environment.connector.open).toBe(0);
  });

  test('Keep-Alive: timeout=0 keeps nothing', async () => {
    const environment = answeringEnvironment(() => answer('ok', 'Keep-Alive: timeout=0\r\n'));
    const client = openClient({}, environment);
    await client.get(url);
    await client.get(url);
    expect(environment.connector.sockets.length).toBe(2);
  });

  test('Connection: close is obeyed although the server leaves the socket open', async () => {
    const environment = answeringEnvironment(() => answer('ok', 'Connection: close\r\n'));
    const client = openClient({}, environment);
    await client.get(url);
    expect(environment.connector.open).toBe(0);
  });

  test('a request that says Connection: close has its connection closed', async () => {
    const environment = answeringEnvironment();
    const client = openClient({}, environment);
    await client.get(url, { headers: { Connection: 'close' } });
    expect(environment.connector.open).toBe(0);
  });
});

test('a request that waits is not overtaken by a later one of the same origin', async () => {
  const environment = fakeEnvironment();
  const client = openClient({ limits: { maxConnections: 1 }, timeout: null }, environment);
  const first = client.get(`${url}first`);
  const second = client.get(`${url}second`);
  await environment.host.settled();
  const socket = environment.connector.socket(0);
  socket.takeWritten();
  const third = first.then(() => client.get(`${url}third`));
  socket.say(answer('1'));
  await environment.host.settled();
  expect(socket.takeWritten()).toContain('GET /second');
  expect(await isSettled(third)).toBe(false);
  socket.say(answer('2'));
  await environment.host.settled();
  socket.say(answer('3'));
  expect((await second).text + (await third).text).toBe('23');
});

type Client = ReturnType<typeof openClient>;

describe('a place that is given up goes to who waits for it', () => {
  const unfinished = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc';
  const halfAnswered = async (environment: FakeEnvironment, client: Client) => {
    environment.connector.onSocket = answering(() => unfinished);
    return client.stream('GET', `${url}first`);
  };
  /** Each begins a request that will not end by itself, and answers with what ends it. */
  const ways: [string, (environment: FakeEnvironment, client: Client) => Promise<() => unknown>][] = [
    [
      'an abort',
      async (_environment, client) => {
        const controller = new AbortController();
        client.get(`${url}first`, { signal: controller.signal }).catch(() => {});
        return () => controller.abort();
      },
    ],
    [
      'a read timeout',
      async (environment, client) => {
        client.get(`${url}first`, { timeout: { read: 100 } }).catch(() => {});
        return () => environment.host.advance(100);
      },
    ],
    [
      'a write timeout',
      async (environment, client) => {
        environment.connector.onSocket = (socket) => socket.holdWrites();
        client.post(`${url}first`, { content: 'x', timeout: { write: 100 } }).catch(() => {});
        return () => environment.host.advance(100);
      },
    ],
    [
      'a total timeout',
      async (environment, client) => {
        client.get(`${url}first`, { timeout: { total: 100 } }).catch(() => {});
        return () => environment.host.advance(100);
      },
    ],
    [
      'closing a response',
      async (environment, client) => {
        const response = await halfAnswered(environment, client);
        return () => response.aclose();
      },
    ],
    [
      'cancelling a body',
      async (environment, client) => {
        const response = await halfAnswered(environment, client);
        return () => response.body.cancel();
      },
    ],
    [
      'leaving an iterator',
      async (environment, client) => {
        const pieces = (await halfAnswered(environment, client)).aiterRaw();
        await pieces.next();
        return () => pieces.return?.();
      },
    ],
  ];

  test.each(ways)('by %s', async (_name, begin) => {
    const environment = fakeEnvironment();
    const client = openClient({ limits: { maxConnections: 1 }, timeout: null }, environment);
    const giveUp = await begin(environment, client);
    const waiting = client.get(`${url}second`);
    waiting.catch(() => {});
    await environment.host.settled();
    expect(environment.connector.sockets.length).toBe(1);
    environment.connector.onSocket = answering(() => answer('served'));
    await giveUp();
    await environment.host.settled();
    expect(environment.connector.sockets.length).toBe(2);
    expect((await waiting).text).toBe('served');
  });
});

test('a request of another origin is served in its turn, however busy the connection’s own is', async () => {
  const environment = fakeEnvironment();
  const order: string[] = [];
  environment.connector.onSocket = answering((head) => {
    order.push(/Host: ([a-z]+)/.exec(head)?.[1] ?? '');
    return answer('ok');
  });
  const client = openClient({ limits: { maxConnections: 1 }, timeout: null }, environment);
  const loops = Array.from({ length: 3 }, async () => {
    for (let turn = 0; turn < 5; turn++) await client.get('http://busy.invalid/');
  });
  const other = client.get('http://other.invalid/');
  await Promise.all([...loops, other]);
  expect(order.length).toBe(16);
  expect(order.indexOf('other')).toBe(3);
});

test('a retry that has to wait in line gets a new connection too, not another’s used one', async () => {
  const environment = fakeEnvironment();
  const client = openClient({ limits: { maxConnections: 1 }, timeout: null }, environment);
  const { connector, host } = environment;
  const warm = client.get(url);
  await host.settled();
  connector.socket(0).say(answer('warm'));
  await warm;
  const repeated = client.get(`${url}repeated`);
  const other = client.get(`${url}other`);
  for (const call of [repeated, other]) call.catch(() => {});
  await host.settled();
  expect(connector.socket(0).written).toContain('GET /repeated');
  connector.socket(0).fin();
  await host.settled();
  expect(connector.socket(1).written).toContain('GET /other');
  connector.socket(1).say(answer('other'));
  expect((await other).text).toBe('other');
  await host.settled();
  expect(connector.socket(1).written).not.toContain('GET /repeated');
  expect(connector.socket(2).written).toContain('GET /repeated');
  connector.socket(2).say(answer('repeated'));
  expect((await repeated).text).toBe('repeated');
});
