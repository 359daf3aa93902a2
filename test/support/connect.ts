/** Sockets of the host under test, without a client above them. */
import { connector } from '#sockets';
import type { Address, Cancel, Socket } from '../../src/hosts/socket.js';

/** The notes of a connect that is not given up. */
export function cancelOf(): Cancel {
  return {
    cancelled: false,
    onCancel: null,
    phase: 'dns',
    now: () => performance.now(),
    resolvedAt: 0,
    connectedAt: 0,
    securedAt: 0,
  };
}

function addressOf(port: number): Address {
  const direct = { uds: null, localAddress: null, socketOptions: null };
  return { host: '127.0.0.1', port, ...direct, tls: null, resolve: null, allowAddress: null };
}

/** A socket to a server of this machine. */
export async function connectTo(port: number, host = '127.0.0.1', cancel: Cancel = cancelOf()): Promise<Socket> {
  return connector.connect({ ...addressOf(port), host }, cancel);
}
