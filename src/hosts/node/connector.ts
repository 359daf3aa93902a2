/** Connects on Node.js: what that takes is loaded with the first connect. */
import { isThenable } from '../../flow.js';
import { Late } from '../../late.js';
import type { Connector } from '../socket.js';

const SOCKETS = new Late(() => import('./sockets.js'));

export const connector: Connector = {
  blocking: false,
  connect(address, cancel) {
    const part = SOCKETS.load();
    if (!isThenable(part)) return part.connector.connect(address, cancel);
    return part.then((loaded) => loaded.connector.connect(address, cancel));
  },
  close() {},
};
