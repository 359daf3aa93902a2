/** The worker of blocking sockets on Node.js: where its thread begins. */
import { type MessagePort, workerData } from 'node:worker_threads';
import type { ToWorker } from '../blocking-protocol.js';
import { SocketWorker } from '../blocking-worker.js';
import { lookedUp } from './addresses.js';
import { host } from './host.js';
import { connector } from './sockets.js';

const { words, port, lifeline } = workerData as {
  readonly words: Int32Array;
  readonly port: MessagePort;
  /** Its closing tells the caller that this thread is no more. */
  readonly lifeline: MessagePort;
};

const worker = new SocketWorker({
  connector,
  words,
  post: (message) => port.postMessage(message),
  lookUp: lookedUp,
  nextTurn: host.nextTurn,
  end() {
    port.close();
    lifeline.close();
  },
});
// Whatever the process was told to do about rejections: here they are mistakes.
process.on('unhandledRejection', (reason) => {
  throw reason;
});
process.on('uncaughtExceptionMonitor', (error) => worker.crashed(error));
process.on('exit', () => worker.ended());
port.on('message', (message: ToWorker) => worker.receive(message));
