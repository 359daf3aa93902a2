/**
 * Blocking sockets on Node.js: a worker thread, a port, and shared memory. Nothing is loaded or started before the first
 * connect, and neither worker nor ports keep the process alive.
 */
import { isIP } from 'node:net';
import { BlockingConnector, SharedWorker } from '../blocking.js';
import type { StartedWorker } from '../blocking-link.js';
import { LINK_WORDS, type ToCaller } from '../blocking-protocol.js';
import type { Connector } from '../socket.js';
import { host } from './host.js';
import { threadsModule } from './late-modules.js';

function start(): StartedWorker {
  const { MessageChannel, receiveMessageOnPort, Worker } = threadsModule();
  const words = new Int32Array(new SharedArrayBuffer(LINK_WORDS * Int32Array.BYTES_PER_ELEMENT));
  const { port1: port, port2 } = new MessageChannel();
  const life = new MessageChannel();
  const carrier = new MessageChannel();
  // Not the URL itself: a process that was begun with --input-type runs no file as a thread.
  const { href } = new URL('./blocking-worker.js', import.meta.url);
  const worker = new Worker(`import(${JSON.stringify(href)})`, {
    eval: true,
    name: 'httpx-wasm sockets',
    workerData: { words, port: port2, lifeline: life.port2 },
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
