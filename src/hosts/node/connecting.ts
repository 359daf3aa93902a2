/**
 * Sockets of Node.js while they connect: from an address to `node:net` or `node:tls`, how far it came, and how it ends; TLS over
 * a socket that is there as well. What becomes of octets is sockets.ts.
 */
import { appendFileSync } from 'node:fs';
import * as net from 'node:net';
import type * as tls from 'node:tls';
import { Late } from '../../late.js';
import { connectError, messageOf } from '../connect-error.js';
import type { Address, Cancel, Socket, TlsTarget } from '../socket.js';
import { lookupFor } from './addresses.js';
import { tlsModule } from './late-modules.js';
import { UNSET_CONNECT } from './unset-options.js';

const TLS = new Late(() => import('./tls-settings.js'));

/** Ends a connect, or a handshake, once: by `event`, by an error, or by the waiter's giving up. `where`: for messages. */
export function settle(
  socket: net.Socket,
  event: 'connect' | 'secureConnect',
  where: string,
  cancel: Cancel,
  resolve: (socket: Socket) => void,
  reject: (error: unknown) => void,
  made: () => Socket,
): void {
  const failed = (error: Error) => {
    cancel.onCancel = null;
    socket.destroy();
    reject(connectError(where, cancel.phase, error));
  };
  const closed = () => failed(Object.assign(new Error('the peer closed the connection'), { code: 'ECONNRESET' }));
  cancel.onCancel = () => {
    socket.off('error', failed);
    socket.on('error', () => {});
    socket.destroy();
  };
  socket.once('error', failed);
  socket.once('close', closed);
  socket.once(event, () => {
    socket.off('error', failed);
    socket.off('close', closed);
    cancel.onCancel = null;
    if (cancel.cancelled) socket.destroy();
    else resolve(made());
  });
}

/** Keeps what a TLS connection yields besides octets: sessions, and the secrets for a key log. */
function attend(socket: tls.TLSSocket, { sessions, options: { keyLogFile } }: TlsTarget): void {
  if (sessions !== null) {
    socket.on('session', (session) => {
      sessions.session = session;
    });
  }
  if (keyLogFile !== null) socket.on('keylog', (line) => logKeys(socket, keyLogFile, line));
}

/** In the format of NSS key logs, as all TLS libraries write it. One that cannot be written ends the connection. */
function logKeys(socket: tls.TLSSocket, file: string, line: Uint8Array): void {
  try {
    appendFileSync(file, line, { mode: 0o600 });
  } catch (cause) {
    const why = `the key log that SSLKEYLOGFILE names cannot be written to ${file}: ${messageOf(cause)}`;
    socket.destroy(new Error(why, { cause }));
  }
}

/** What the user wants of a socket, once it is connected. */
export function configure(socket: net.Socket, { socketOptions }: Address): void {
  socket.setNoDelay(socketOptions?.noDelay ?? true);
  if (socketOptions?.keepAlive === true) socket.setKeepAlive(true, socketOptions.keepAliveInitialDelayMs ?? 0);
}

function connectOptions(address: Address): net.TcpNetConnectOpts {
  const plain = address.resolve === null && address.allowAddress === null;
  const { localAddress } = address;
  return {
    host: address.host,
    port: address.port,
    // The peer may end its side first: what is under way of ours still leaves. Owners close a socket they are done with.
    allowHalfOpen: true,
    // Of the host's addresses, one of the other family could not be connected to from there.
    ...(localAddress === null ? {} : { localAddress, family: net.isIP(localAddress) }),
    ...(plain ? {} : { lookup: lookupFor(address) }),
  };
}

/** Tells `cancel` how far a connect came. A listener that nothing would ever call keeps the attempt as long as its socket. */
export function follow(socket: net.Socket, address: Address, cancel: Cancel): void {
  const literal = address.uds !== null || net.isIP(address.host) !== 0;
  cancel.phase = literal ? 'connect' : 'dns';
  if (!literal) {
    socket.once('lookup', (error) => {
      if (error !== null && error !== undefined) return;
      cancel.phase = 'connect';
      cancel.resolvedAt = cancel.now();
    });
  }
  socket.once('connect', () => {
    cancel.connectedAt = cancel.now();
    if (address.tls !== null) cancel.phase = 'tls';
  });
  if (address.tls === null) return;
  socket.once('secureConnect', () => {
    cancel.securedAt = cancel.now();
  });
}

/** A socket on its way; `onread`: into whose memory it reads. */
export function open(address: Address, onread: net.OnReadOpts | undefined): net.Socket {
  const socket = connecting(address, onread);
  // Node.js 26 asks the socket itself, whose prototype is polluted as well (SECURITY 5.6).
  Object.assign(socket, { blockList: undefined });
  if (address.tls !== null) attend(socket as tls.TLSSocket, address.tls);
  return socket;
}

/** TLS over a socket that is connected, on its way. */
export function openOver(below: net.Socket, target: TlsTarget): tls.TLSSocket {
  const socket = tlsModule().connect({ ...UNSET_CONNECT, ...TLS.module.tlsSettings(target), socket: below });
  attend(socket, target);
  return socket;
}

function connecting(address: Address, onread: net.OnReadOpts | undefined): net.Socket {
  const where = { ...UNSET_CONNECT, ...(address.uds === null ? connectOptions(address) : { path: address.uds }) };
  if (address.tls === null)
    return net.connect((onread === undefined ? where : { ...where, onread }) as net.NetConnectOpts);
  return tlsModule().connect({
    ...where,
    ...TLS.module.tlsSettings(address.tls),
    onread,
  } as unknown as tls.ConnectionOptions & {
    onread: net.OnReadOpts;
  });
}
