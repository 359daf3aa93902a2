/** For hosts whose threads must not block: `Client` works there with transports that need no socket, and says so otherwise. */
import { ConnectError } from '../../exceptions.js';
import type { Connector } from '../socket.js';

/** A connector that refuses. */
export function openConnector(): Connector {
  return {
    blocking: true,
    connect({ host, port }) {
      throw new ConnectError(
        `Cannot connect to ${host}:${port}: this runtime has no way to block a thread while a socket waits; use AsyncClient`,
        { phase: 'connect', retryable: false },
      );
    },
    close() {},
  };
}
