/** The worker behind blocking sockets: when it lives, who hears of its death, and that nothing of it keeps a process alive. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import type { MessageChannel, Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { CloseError, ConnectError } from '../../src/exceptions.js';
import type { Connector, Socket, Waitable } from '../../src/hosts/socket.js';
import { ROOT } from '../source-syntax.js';
import {
  addressOf,
  cancelOf,
  connectorOf,
  connectTo,
  goneFrom,
  type Line,
  settled,
  waitUntil,
} from '../support/blocking.js';
import { always, dialogue, gate } from '../support/dialogue.js';
import { answer, patternOf } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';
import { materialOf } from '../support/tls-material.js';

/** How long the death of the worker may stay unnoticed: a sleep of who waits, and a busy machine. */
const NOTICED_MS = 8000;

/** Workers that were started, and what was said to them: a witness between the code and the runtime. */
const workers: Worker[] = [];
const ports: MessageChannel['port1'][] = [];
const MISSING = 'file:///nonexistent/blocking-worker.js';
/** Run in place of the worker's code, and before it. */
let code: string | null = null;
let prelude = '';
/** Whether the worker's own file is missing. */
let isMissing = false;

const threads = process.getBuiltinModule('node:worker_threads');
const { Worker: RealWorker, MessageChannel: RealChannel } = threads;

beforeEach(() => {
  class WatchedWorker extends RealWorker {
    constructor(...[script, options]: ConstructorParameters<typeof Worker>) {
      const found = isMissing
        ? String(script).replace(/import\("[^"]*"\)/, `import(${JSON.stringify(MISSING)})`)
        : script;
      super(code ?? `${prelude}\n${found}`, options);
      workers.push(this);
    }
  }
  class WatchedChannel extends RealChannel {
    constructor() {
      super();
      ports.push(this.port1);
    }
  }
  Object.assign(threads, { Worker: WatchedWorker, MessageChannel: WatchedChannel });
});

afterEach(() => {
  Object.assign(threads, { Worker: RealWorker, MessageChannel: RealChannel });
  workers.length = ports.length = 0;
  code = null;
  prelude = '';
  isMissing = false;
});

function latest(): Worker {
  return workers.at(-1) as Worker;
}

function exitOf(worker: Worker): Promise<unknown> {
  if (worker.threadId < 0) return Promise.resolve();
  return new Promise((resolve) => worker.once('exit', resolve));
}

/** The worker is no more; nobody is told. */
function kill(): void {
  void latest().terminate();
}

/** Waits for the end that the sink must hear of. */
function endOf(line: Line): unknown {
  waitUntil(line, () => line.heard.ends.length > 0, NOTICED_MS);
  return line.heard.ends[0];
}

function failureOf(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('It succeeded');
}

const GONE = 'the worker that owns the sockets is gone: it ended unexpectedly';

describe('its life', () => {
  test('begins with the first connect, and is one for all connectors', async () => {
    const server = await serve(dialogue().stall(), { repeatLast: true });
    const [one, two] = [connectorOf(), connectorOf()];
    expect(workers.length).toBe(0);
    connectTo(server.port, {}, one);
    connectTo(server.port, {}, two);
    connectTo(server.port, {}, one);
    expect(workers.length).toBe(1);
  });

  test('ends with the last connector that used it, and another begins for who comes later', async () => {
    const server = await serve(dialogue().stall(), { repeatLast: true });
    const connectors = [connectorOf(), connectorOf(), connectorOf()] as [Connector, Connector, Connector];
    const [one, two, idle] = connectors;
    connectTo(server.port, {}, one);
    const kept = connectTo(server.port, {}, two);
    await server.until(() => server.openSockets === 2);
    one.close();
    one.close();
    idle.close();
    await server.until(() => server.openSockets === 1);
    expect(kept.socket.wait(20)).toBe(false);
    two.close();
    await Promise.all([goneFrom(server), exitOf(latest())]);
    connectTo(server.port, {}, one);
    expect(workers.length).toBe(2);
  });

  test('is not begun for what is refused without it', () => {
    const connector = connectorOf();
    const address = addressOf(1, { allowAddress: () => false });
    expect(() => connector.connect(address, cancelOf())).toThrow(ConnectError);
    expect(workers.length).toBe(0);
  });

  test('is not begun for who closes its connector while it is asked where to', () => {
    const connector = connectorOf();
    const resolve = () => {
      connector.close();
      return '127.0.0.1';
    };
    const asked = () => connector.connect(addressOf(1, { host: 'x', resolve }), cancelOf());
    expect(asked).toThrow('Cannot resolve x:1: the connector was closed meanwhile');
    expect(workers.length).toBe(0);
  });

  test('may be slow: it is given no more time to say what has arrived than there is', async () => {
    const server = await serve(dialogue().stall());
    // [asleep, to be woken]
    const asleep = new Int32Array(new SharedArrayBuffer(8));
    prelude = `const { parentPort } = require('node:worker_threads');
      parentPort.on('message', (asleep) => {
        Atomics.store(asleep, 0, 1);
        Atomics.notify(asleep, 0);
        Atomics.wait(asleep, 1, 0, 30000);
      }).unref();`;
    const line = connectTo(server.port);
    latest().postMessage(asleep);
    Atomics.wait(asleep, 0, 0);
    const slept = vi.spyOn(Atomics, 'wait');
    onTestFinished(() => slept.mockRestore());
    const from = performance.now();
    expect(line.socket.wait(0, 30)).toBe(false);
    const took = performance.now() - from;
    Atomics.store(asleep, 1, 1);
    Atomics.notify(asleep, 1);
    expect(took).toBeGreaterThanOrEqual(29);
    // `until - now` may round up.
    expect(Math.max(...slept.mock.calls.map(([, , , ms]) => ms ?? Number.POSITIVE_INFINITY))).toBeLessThan(30.5);
  });

  test('may be slow: with no time to wait, all that has arrived at the host by then is delivered all the same', async () => {
    const told = gate();
    const server = await serve(dialogue().until(told).say('late').stall());
    // Beside its own work it sleeps when it is told to: [asleep, …]
    const asleep = new Int32Array(new SharedArrayBuffer(8));
    prelude = `const { parentPort } = require('node:worker_threads');
      parentPort.on('message', (asleep) => {
        Atomics.store(asleep, 0, 1);
        Atomics.notify(asleep, 0);
        Atomics.wait(asleep, 1, 0, 100);
      }).unref();`;
    const line = connectTo(server.port);
    expect(line.socket.wait(0)).toBe(false);
    latest().postMessage(asleep);
    Atomics.wait(asleep, 0, 0);
    told.open();
    server.blockUntil(() => server.octetsTaken === 4);
    expect(line.socket.wait(0)).toBe(true);
    expect(line.heard.text).toBe('late');
    line.socket.close();
  });

  test('takes no more memory for many connections than for a few at a time', async () => {
    const server = await serve(dialogue().stall(), { repeatLast: true });
    const connector = connectorOf();
    const Memory = globalThis.SharedArrayBuffer;
    let octets = 0;
    globalThis.SharedArrayBuffer = class extends Memory {
      constructor(length?: number) {
        super(length);
        octets += length ?? 0;
      }
    } as SharedArrayBufferConstructor;
    onTestFinished(() => {
      globalThis.SharedArrayBuffer = Memory;
    });
    connectTo(server.port, {}, connector).socket.close();
    const first = octets;
    for (let i = 0; i < 400; i++) connectTo(server.port, {}, connector).socket.close();
    expect(octets).toBeLessThan(first * 20);
    await server.until(() => server.accepted === 401 && server.openSockets === 0);
  });
});

describe('its death', () => {
  /** One who waits for octets for ever. */
  async function waiting(): Promise<Line> {
    const server = await serve(dialogue().stall(), { repeatLast: true });
    return connectTo(server.port);
  }

  test('is heard by who waits for octets, without a limit of time', async () => {
    const line = await waiting();
    kill();
    line.socket.wait(null);
    const [host, port] = line.socket.info('server_addr') as [string, number];
    expect(line.heard.ends[0]).toBeInstanceOf(CloseError);
    expect(line.heard.ends[0]?.message).toBe(`The connection to ${host}:${port} was closed: ${GONE}`);
  });

  test('is heard by who waits for room, and by who wants to send', async () => {
    const server = await serve(dialogue().goDeaf().stall());
    const line = connectTo(server.port);
    const written = line.socket.write(patternOf(24 * 1024 * 1024), null);
    kill();
    expect(() => settled(written, NOTICED_MS)).toThrow(GONE);
    expect(() => settled(line.socket.write('x', null))).toThrow(GONE);
    expect(() => settled(line.socket.closeWrite() as Waitable<void>)).toThrow(GONE);
  });

  test('is heard by who connects', async () => {
    const server = await serve(dialogue().acceptOnly());
    const tls = { hostname: 'x', serverName: null, alpn: [], verify: true, options: materialOf(), sessions: null };
    const cancel = cancelOf();
    const connecting = connectorOf().connect(addressOf(server.port, { tls }), cancel) as Waitable<Socket>;
    while (cancel.phase !== 'tls') connecting.wait(20);
    kill();
    expect(() => settled(connecting, NOTICED_MS)).toThrow(`Cannot set up TLS with 127.0.0.1:${server.port}: ${GONE}`);
  });

  test('is no reason not to connect again, with another', async () => {
    const server = await serve(dialogue().say('x').stall(), { repeatLast: true });
    const connector = connectorOf();
    const line = connectTo(server.port, {}, connector);
    waitUntil(line, () => line.heard.text === 'x');
    kill();
    expect(endOf(line)).toBeInstanceOf(CloseError);
    const again = connectTo(server.port, {}, connector);
    waitUntil(again, () => again.heard.text === 'x');
    expect(workers.length).toBe(2);
    line.socket.close();
  });

  test('by a mistake of ours is told with the mistake, at once', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    onTestFinished(() => void process.off('warning', note));
    const line = await waiting();
    ports[0]?.postMessage({ kind: 'nonsense' });
    const error = endOf(line) as CloseError;
    expect(error.message).toContain('is gone: it failed: Cannot handle a message of kind nonsense');
    expect(error.cause).toMatchObject({ message: 'Cannot handle a message of kind nonsense' });
    await exitOf(latest());
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(warnings.map(({ message }) => message)).toEqual([
      'The worker that owns the sockets of blocking clients failed: Error: Cannot handle a message of kind nonsense',
    ]);
  });

  test('octets that came before it are delivered first', async () => {
    const server = await serve(dialogue().say('last words').hearOctets(1).stall());
    const line = connectTo(server.port);
    line.socket.wait(null);
    line.socket.write('x', null);
    await server.until(() => server.octetsHeard === 1);
    kill();
    expect(endOf(line)).toBeInstanceOf(CloseError);
    expect(line.heard.text).toBe('last words');
  });

  test.each([
    ['at its first line', 'throw new Error("no")'],
    ['in what it imports', 'import("file:///nonexistent/worker.js")'],
    ['of itself', ''],
  ])('%s is a ConnectError, soon', (_name, instead) => {
    code = instead;
    const error = failureOf(() => settled(connectorOf().connect(addressOf(1), cancelOf()), NOTICED_MS));
    expect(error).toMatchObject({ message: `Cannot connect to 127.0.0.1:1: ${GONE}`, retryable: false });
  });

  test('for want of its file, as in a bundle: an error that says so, and not to try again', async () => {
    isMissing = true;
    const error = failureOf(() => settled(connectorOf().connect(addressOf(1), cancelOf()), NOTICED_MS));
    expect(error).toMatchObject({ name: 'ConnectError', retryable: false });
    expect(error.message).toContain("Cannot find module '/nonexistent/blocking-worker.js'");
    expect(error.message).toContain('must leave httpx-wasm out of the bundle');
    expect(error.cause).toMatchObject({ code: 'ERR_MODULE_NOT_FOUND' });
    await exitOf(latest());
  });

  test('before its birth: what the runtime says', () => {
    Object.assign(threads, {
      Worker: class {
        constructor() {
          throw new Error('Access to this API has been restricted');
        }
      },
    });
    expect(failureOf(() => connectorOf().connect(addressOf(1), cancelOf()))).toMatchObject({
      message:
        'Cannot connect to 127.0.0.1:1: no worker for the sockets can be started: Access to this API has been restricted',
      retryable: false,
    });
  });
});

describe.skipIf(!existsSync(join(ROOT, 'dist/index.js')))('a process (needs dist: npm run build)', () => {
  /** Runs a program that has `Client` and `url`, and must end by itself. */
  function run(url: string, program: string, options: readonly string[] = [], env: NodeJS.ProcessEnv = {}): string {
    const text = `import { Client } from 'httpx-wasm'; const url = ${JSON.stringify(url)}; ${program}`;
    const words = [...options, '--input-type=module', '-e', text];
    const all = { ...process.env, ...env };
    return execFileSync(process.execPath, words, {
      cwd: ROOT,
      encoding: 'utf8',
      timeout: 50_000,
      stdio: 'pipe',
      env: all,
    });
  }

  /** A file that a process can be told to run first; it makes a blocking call, and says in which thread. */
  function preloadOf(url: string): string {
    const folder = mkdtempSync(join(tmpdir(), 'preload-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'preload.mjs');
    const module = pathToFileURL(join(ROOT, 'dist/builds/node/sync.js')).href;
    writeFileSync(
      file,
      `import { writeSync } from 'node:fs';
      import { threadId } from 'node:worker_threads';
      import { get } from ${JSON.stringify(module)};
      if (threadId > 3) process.exit(1);
      writeSync(1, 'first in ' + threadId + ': ');
      writeSync(1, get(${JSON.stringify(url)}).text + '\\n');`,
    );
    return file;
  }

  /** Its connection is idle for ever: a process that waited for that would not end. */
  const idle = `const client = new Client({ limits: { keepaliveExpiry: null } });
    console.log(client.get(url).text);`;

  test('ends by itself with idle connections open', async () => {
    const server = await serve(always(answer('done')), { repeatLast: true });
    expect(run(server.url, idle)).toBe('done\n');
    expect(run(server.url, `${idle} new Client().get(url);`)).toBe('done\n');
    await goneFrom(server);
  });

  test('ends by itself after close, and when an error ends it', async () => {
    const server = await serve(always(answer('done')), { repeatLast: true });
    expect(run(server.url, `${idle} client.close();`)).toBe('done\n');
    expect(() => run(server.url, `${idle} throw new Error('over');`)).toThrow('over');
    await goneFrom(server);
  });

  test('may block in a thread that is not its first', async () => {
    const server = await serve(always(answer('done')), { repeatLast: true });
    const thread = `Promise.all([import('httpx-wasm'), import('node:worker_threads')]).then((modules) => {
      const [{ Client }, { parentPort, workerData }] = modules;
      parentPort.postMessage(new Client().get(workerData).text);
    });`;
    const program = `const { Worker } = await import('node:worker_threads');
      const thread = new Worker(${JSON.stringify(thread)}, { eval: true, workerData: url });
      thread.on('message', (text) => console.log(text));`;
    expect(run(server.url, program)).toBe('done\n');
  });

  test.each(['a flag', 'NODE_OPTIONS'])(
    'may block in what %s makes it run first, which the worker does not run',
    async (how) => {
      const server = await serve(always(answer('done')), { repeatLast: true });
      const words = ['--import', preloadOf(server.url), '--dns-result-order', 'ipv4first', '--use-openssl-ca'];
      const printed =
        how === 'a flag' ? run(server.url, idle, words) : run(server.url, idle, [], { NODE_OPTIONS: words.join(' ') });
      expect(printed).toBe('first in 0: done\ndone\n');
    },
  );

  test('may not block in the thread of the sockets itself', () => {
    const thread = `import('httpx-wasm/sync').then(({ get }) => get('http://127.0.0.1:1/')).catch((error) =>
      require('node:worker_threads').parentPort.postMessage(error.message));`;
    const program = `const { Worker } = await import('node:worker_threads');
      const options = { eval: true, execArgv: [], workerData: { role: 'httpx-wasm sockets' } };
      new Worker(${JSON.stringify(thread)}, options).on('message', (text) => console.log(text));`;
    expect(run('', program)).toContain('this thread is itself the worker that owns the sockets of another');
  });

  test.skipIf(process.platform !== 'linux')('that makes a client and sends nothing has no thread more', async () => {
    const server = await serve(always(answer('done')), { repeatLast: true });
    const counted = (program: string) =>
      Number(
        run(
          server.url,
          `const { readdirSync } = await import('node:fs');
          const before = readdirSync('/proc/self/task').length;
          ${program}
          console.log(readdirSync('/proc/self/task').length - before);`,
        ),
      );
    expect(counted('new Client();')).toBe(0);
    expect(counted('new Client().get(url);')).toBeGreaterThan(0);
  });
});
