/**
 * Blocking sockets on Node.js: a worker thread, a port, and shared memory. Nothing is loaded or started before the first
 * connect, and neither worker nor ports keep the process alive.
 */
import { isIP } from 'node:net';
import { BlockingConnector, SharedWorker } from '../blocking.js';
import type { StartedWorker } from '../blocking-link.js';
import { BELL, FAILED, LINK_WORDS, MESSAGES, STATE, type ToCaller } from '../blocking-protocol.js';
import type { Connector } from '../socket.js';
import { host } from './host.js';
import { threadsModule } from './late-modules.js';
import { threadFlags } from './worker-flags.js';

/** What the thread runs first: our code, or word to the caller of why it cannot be had. */
function bootstrap(href: string): string {
  return `import(${JSON.stringify(href)}).catch((thrown) => {
    const { words, port } = process.getBuiltinModule('node:worker_threads').workerData;
    const { name = 'Error', message = String(thrown), stack = null, code = null } = Object(thrown);
    const isMissing = code === 'ERR_MODULE_NOT_FOUND';
    const advice = isMissing ? '; who bundles an application must leave httpx-wasm out of the bundle (external)' : '';
    const error = { name, message: message + advice, stack, properties: [['code', code]] };
    port.postMessage({ kind: 'crashed', error: { ...error, transport: null, cause: null, errors: null } });
    Atomics.add(words, ${MESSAGES}, 1);
    Atomics.store(words, ${STATE}, ${FAILED});
    Atomics.add(words, ${BELL}, 1);
    Atomics.notify(words, ${BELL});
  })`;
}

/** Of the worker's thread: it starts no worker itself. */
const THREAD_ROLE = 'httpx-wasm sockets';

type WorkerOptions = ConstructorParameters<typeof import('node:worker_threads').Worker>[1];

function workerOf(code: string, options: WorkerOptions): InstanceType<typeof import('node:worker_threads').Worker> {
  const { Worker } = threadsModule();
  try {
    return new Worker(code, { ...options, ...threadFlags(true) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_WORKER_INVALID_EXEC_ARGV') throw error;
    return new Worker(code, { ...options, ...threadFlags(false) });
  }
}

/** The worker's file; in a bundle of CommonJS, where it would be beside the bundle. */
function workerFile(): URL {
  if (import.meta.url === undefined) {
    return new URL('blocking-worker.js', process.getBuiltinModule('node:url').pathToFileURL(__filename));
  }
  return new URL('./blocking-worker.js', import.meta.url);
}

function start(): StartedWorker {
  const { MessageChannel, receiveMessageOnPort, workerData } = threadsModule();
  if ((workerData as { readonly role?: unknown } | null | undefined)?.role === THREAD_ROLE) {
    throw new Error('this thread is itself the worker that owns the sockets of another');
  }
  const words = new Int32Array(new SharedArrayBuffer(LINK_WORDS * Int32Array.BYTES_PER_ELEMENT));
  const { port1: port, port2 } = new MessageChannel();
  const life = new MessageChannel();
  const carrier = new MessageChannel();
  // Not the URL itself: a process that was begun with --input-type runs no file as a thread.
  const { href } = workerFile();
  const worker = workerOf(bootstrap(href), {
    eval: true,
    name: THREAD_ROLE,
    workerData: { role: THREAD_ROLE, words, port: port2, lifeline: life.port2 },
    transferList: [port2, life.port2],
  });
  worker.unref();
  worker.on('error', (error) => host.warn(`The worker that owns the sockets of blocking clients failed: ${error}`));
  let lifeline = life.port1;
  return {
    words,
    post: (message) => port.postMessage(message),
    receive: () => receiveMessageOnPort(port)?.message as ToCaller | undefined,
    // No event says so while this thread blocks. But the worker's ports close with it, however it ends; a port knows that
    // once its queue was read, and a closed port cannot be moved.
    isRunning() {
      receiveMessageOnPort(lifeline);
      try {
        carrier.port1.postMessage(lifeline, [lifeline]);
      } catch {
        return false;
      }
      lifeline = receiveMessageOnPort(carrier.port2)?.message;
      return true;
    },
  };
}

const worker = new SharedWorker({ start, now: host.now, familyOf: isIP });

/** A connector for one who blocks: its sockets live in this thread's worker. */
export function openConnector(): Connector {
  return new BlockingConnector(worker);
}
