/** No blocking sockets: threads of this host may not block, or cannot share memory. */
import { ConnectError } from '../../exceptions.js';
import { placeOf } from '../connect-error.js';
import type { Connector } from '../socket.js';

const connector: Connector = {
  blocking: true,
  connect(address) {
    throw new ConnectError(
      `Cannot connect to ${placeOf(address)}: a thread of this host cannot block until octets come; use AsyncClient, or ` +
        'give Client a transport that answers at once, such as MockTransport',
      { retryable: false },
    );
  },
  close() {},
};

/** A connector that says why it cannot connect. */
export function openConnector(): Connector {
  return connector;
}
