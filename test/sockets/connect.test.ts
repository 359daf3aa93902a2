/** What a connect notes, and what is left of it once there is a socket. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { cancelOf, connectTo } from '../support/connect.js';
import { collected, heldOf } from '../support/garbage.js';

async function listening() {
  const server = createServer((peer) => peer.on('error', () => {})).listen(0, 'localhost');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, address: (server.address() as AddressInfo).address, server };
}

test.each(['localhost', 'address'])(
  'a socket to a server by its %s does not keep the attempt it came from',
  async (by) => {
    const { port, address, server } = await listening();
    const attempts: WeakRef<object>[] = [];
    const connect = async () => {
      const cancel = cancelOf();
      attempts.push(new WeakRef(cancel));
      const socket = await connectTo(port, by === 'address' ? address : by, cancel);
      expect(cancel.phase).toBe('connect');
      expect(cancel.connectedAt).toBeGreaterThan(0);
      expect(cancel.resolvedAt > 0).toBe(by === 'localhost');
      return socket;
    };
    const socket = await connect();
    expect(await collected(() => heldOf(attempts) === 0)).toBe(true);
    expect(socket.info('server_addr')).toEqual([address, port]);
    socket.close();
    server.close();
  },
);
