/** What the peer says, and that it ends, before the socket has an owner: kept until the owner asks for octets. */

import { expect, test } from 'vitest';
import { connector } from '#sockets';
import type { Address, Cancel } from '../../src/hosts/socket.js';
import { dialogue, gate } from '../support/dialogue.js';
import { serve } from '../support/scripted-server.js';

function cancelOf(): Cancel {
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
  return { host: '127.0.0.1', port, uds: null, localAddress: null, tls: null, resolve: null, allowAddress: null };
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

test.each([
  ['octets', () => dialogue().say('early'), 'early', false],
  ['octets and the end', () => dialogue().say('early').fin(), 'early', true],
  ['the end', () => dialogue().fin(), '', true],
])('%s, come before the sink was set, are delivered to it', async (_name, script, said, ends) => {
  const spoken = gate();
  const server = await serve(script().open(spoken).stall());
  const socket = await connector.connect(addressOf(server.port), cancelOf());
  await spoken.opened;
  for (let turn = 0; turn < 30; turn++) await nextTurn();
  let heard = '';
  let ended = false;
  socket.sink = {
    octets(bytes, length) {
      heard += Buffer.from(bytes.subarray(0, length)).toString('latin1');
      return 0;
    },
    ended() {
      ended = true;
    },
  };
  socket.demand();
  for (let turn = 0; turn < 100 && (heard !== said || ended !== ends); turn++) await nextTurn();
  expect([heard, ended]).toEqual([said, ends]);
  socket.close();
});
