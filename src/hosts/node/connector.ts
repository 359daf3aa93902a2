/** Connects on Node.js: what that takes is loaded with the first connect. */
import { Late } from '../../late.js';
import type { Connector } from '../socket.js';

const SOCKETS = new Late(() => import('./sockets.js'));

export const connector: Connector = {
  blocking: false,
  connect: (address, cancel) => SOCKETS.use((part) => part.connector.connect(address, cancel)),
  close() {},
};
