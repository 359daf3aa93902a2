/** No sockets: an AsyncClient sends by the host's fetch, and whoever asks for a connection is told. */
import { ConnectError } from '../../exceptions.js';
import { placeOf } from '../connect-error.js';
import type { Connector } from '../socket.js';

export const connector: Connector = {
  blocking: false,
  onlyFetches: true,
  connect(address) {
    throw new ConnectError(
      `Cannot connect to ${placeOf(address)}: this host has no sockets; use FetchTransport, or a transport of your own`,
      { retryable: false },
    );
  },
  close() {},
};
