// What a sandbox must do, as steps for who drives it (drive.mjs, drive.py) and what is then expected, of the outcomes and
// of the server's notes. What a world or a host does otherwise is said where it is expected.
import assert from 'node:assert/strict';

const LARGE = 'large '.repeat(50_000);
const PIECES = ['one', 'two', 'three', 'four'];
const OVER_HTTP = ['over-http'];
const OVER_OCTETS = ['over-transport', 'over-sockets'];

const notesIn = (action) => PIECES.flatMap((piece, i) => [`sent ${i + 1}`, action(piece, i + 1)]);
const isFailure = ({ failure }, expected) => {
  const found = Object.fromEntries(Object.keys(expected).map((name) => [name, failure?.[name]]));
  assert.deepEqual(found, expected, failure?.message);
};

/** What is left where the host lets nothing out. */
export function deniedCases({ base }) {
  return [
    {
      name: 'TCP is denied, which is a ConnectError with what WASI says',
      steps: [{ do: 'send', request: { method: 'GET', url: base } }],
      check([{ failure }]) {
        assert.deepEqual([failure?.name, failure?.code], ['ConnectError', 'ERR_CONNECT']);
        assert.match(failure.message, /^Cannot connect to 127\.0\.0\.1:\d+: access-denied$/);
      },
    },
  ];
}

/** The cases of one run, against a server and a port where none is. */
export function casesOf({ base, notesOf }, closedPort) {
  const get = (path, more) => ({ method: 'GET', url: `${base}${path}`, ...more });
  const post = (path, more) => ({ method: 'POST', url: `${base}${path}`, ...more });
  const send = (request) => ({ do: 'send', request });
  return [
    {
      name: 'GET: a response, decoded, with its fields as they came',
      steps: [send(get('/greeting'))],
      check([{ status, headers, body }]) {
        assert.deepEqual([status, body], [200, 'hello from the server']);
        const cookies = headers.filter(([name]) => name.toLowerCase() === 'set-cookie').map(([, value]) => value);
        // A host's own HTTP may join fields of one name: jco's shim does.
        assert.equal(cookies.join(','), 'a=1,b=2');
      },
    },
    {
      name: 'POST: the server gets the body, and says it back',
      steps: [send(post('/echo?id=post', { body: LARGE }))],
      check([{ status, body }]) {
        assert.equal(status, 200);
        assert.ok(body === LARGE, `${body?.length} octets came back`);
        assert.deepEqual(notesOf('post'), [`POST ${new URL(base).host} ${LARGE.length}`]);
      },
    },
    {
      name: 'a connection is kept for the next request',
      worlds: OVER_OCTETS,
      steps: [send(get('/connection')), send(get('/connection'))],
      check([first, second]) {
        assert.match(first.body, /^\d+$/);
        assert.equal(second.body, first.body);
      },
    },
    {
      name: 'streamed download: the server sends a piece when the guest has handled the one before',
      steps: [{ do: 'read', request: get('/pieces?id=download'), handled: post('/handled?id=download') }],
      check([{ status, pieces }]) {
        assert.deepEqual([status, pieces], [200, PIECES]);
        assert.deepEqual(
          notesOf('download'),
          notesIn((piece) => `handled ${piece}`),
        );
      },
    },
    {
      name: 'streamed upload: the server has a piece before it sends the guest the next one to pass on',
      steps: [{ do: 'relay', source: get('/pieces?id=upload'), target: post('/collect?id=upload') }],
      check([{ status, body }]) {
        assert.deepEqual([status, body], [200, PIECES.join('')]);
        assert.deepEqual(
          notesOf('upload'),
          notesIn((piece) => `collected ${piece}`),
        );
      },
    },
    {
      name: 'a download that is given up ends its connection, while the next request goes on',
      worlds: OVER_OCTETS,
      steps: [{ do: 'drop', request: get('/pieces?id=dropped') }, send(get('/wait-for-left?id=dropped'))],
      check([dropped, { body }]) {
        assert.deepEqual([dropped.pieces, body], [['one'], 'it left']);
        assert.deepEqual(notesOf('dropped'), ['sent 1', 'left']);
      },
    },
    {
      name: 'a download that is given up does not matter to the next request',
      worlds: OVER_HTTP,
      steps: [{ do: 'drop', request: get('/pieces?id=dropped') }, send(get('/greeting'))],
      check([dropped, { status }]) {
        assert.deepEqual([dropped.pieces, status], [['one'], 200]);
        assert.equal(notesOf('dropped')[1] ?? 'left', 'left');
      },
    },
    {
      name: 'a connection that is refused is a ConnectError, which may be tried again',
      steps: [send({ method: 'POST', url: `http://127.0.0.1:${closedPort}/`, body: 'body' }), send(get('/greeting'))],
      check([refused, { status }]) {
        isFailure(refused, { name: 'ConnectError', code: 'ERR_CONNECT', retryable: true });
        assert.equal(status, 200);
      },
    },
    {
      name: 'a server that says nothing is a ReadTimeout, which a POST does not survive',
      steps: [
        send(post('/silent?id=silent', { body: 'body', timeoutMs: 1000 })),
        send(get('/greeting', { timeoutMs: 0 })),
        send(get('/greeting')),
      ],
      check([late, never, { status }]) {
        isFailure(late, { name: 'ReadTimeout', code: 'ERR_READ_TIMEOUT', retryable: false });
        // No time at all is refused, by the name of its own.
        isFailure(never, { name: 'RangeError', code: 'RangeError', retryable: false });
        assert.match(never.failure.message, /expected timeout-ms to be at least 1, got 0$/);
        assert.equal(status, 200);
      },
    },
    {
      name: 'a server that takes nothing is a WriteTimeout',
      steps: [
        { do: 'relay', source: get('/flood'), target: post('/deaf', { timeoutMs: 3000 }) },
        send(get('/greeting')),
      ],
      check([deaf, { status }]) {
        isFailure(deaf, { name: 'WriteTimeout', code: 'ERR_WRITE_TIMEOUT', retryable: false });
        assert.equal(status, 200);
      },
    },
    {
      name: 'a body that is cut short is an error of the peer, or of reading',
      steps: [send(get('/cut')), send(get('/greeting'))],
      check([cut, { status }]) {
        assert.match(cut.failure?.name ?? 'none', /^(RemoteProtocolError|ReadError)$/);
        assert.equal(status, 200);
      },
    },
    {
      name: 'what is no URL is said to be none',
      steps: [send({ method: 'GET', url: 'http://exa mple/' })],
      check([{ failure }]) {
        assert.equal(failure?.code, 'ERR_INVALID_URL');
      },
    },
    {
      name: 'https is refused where there is no TLS',
      worlds: OVER_OCTETS,
      steps: [send({ method: 'GET', url: 'https://127.0.0.1/' })],
      check([refused]) {
        isFailure(refused, { name: 'ConnectError', retryable: false });
      },
    },
    ...['connect', 'read', 'write'].map((broken) => ({
      name: `a transport whose ${broken} fails: the guest names the error, and what the host said`,
      worlds: ['over-transport'],
      // By another name, for which no connection is kept.
      steps: [{ ...send(get('/greeting', { url: `${base.replace('127.0.0.1', 'localhost')}/greeting` })), broken }],
      check([{ failure }]) {
        const kinds = { connect: 'ConnectError', read: 'ReadError', write: 'WriteError' };
        assert.equal(failure?.name, kinds[broken]);
        assert.match(failure.message, /: the cable was cut$/);
      },
    })),
  ];
}
