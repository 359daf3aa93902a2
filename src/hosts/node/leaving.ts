/**
 * How a socket of Node.js is left in order: what was written is sent, with our end behind it (of TLS `close_notify`), and the
 * peer is heard out, since a socket that is closed before its peer may lose it what it was told (a reset overtakes it). All
 * that within limits: a peer that does not read, or does not stop, gains nothing by it. A socket that is unref'd and left keeps
 * no process, but for what the kernel has not taken: Node.js stays for that write, until it is done or the second is over.
 */
import type * as net from 'node:net';
import { host } from './host.js';

const LEAVING_MS = 1000;
/** Octets that a peer has not taken so far: where more wait, it does not read, and there is no telling it anything. */
const UNSENT_OCTETS_MAX = 65536;
/** Octets that are still read, and dropped: what is under way fits, and a flood ends soon. */
export const UNHEARD_OCTETS_MAX = 16777216;

/** Whether there is anything to be said, and anybody to say it to. */
export function canLeave(socket: net.Socket): boolean {
  return !socket.destroyed && socket.writable && socket.writableLength <= UNSENT_OCTETS_MAX;
}

/** Ends our side, and destroys the socket when the peer has ended its own. It must be read meanwhile. */
export function leave(socket: net.Socket): void {
  const end = () => socket.destroy();
  const timer = host.after(LEAVING_MS, end);
  socket.once('close', () => timer.cancel());
  const endIfOver = () => {
    if (socket.readableEnded && socket.writableFinished) end();
  };
  socket.once('end', endIfOver);
  socket.end(endIfOver);
  socket.resume();
}
