/** No blocking sockets but those that are given: a thread of this host may not block, or can share no memory with another. */
import { givenBlockingConnector } from '../given-blocking-sockets.js';
import type { Connector } from '../socket.js';

/** The connector of those, which says why it cannot connect while there are none. */
export function openConnector(): Connector {
  return givenBlockingConnector;
}
