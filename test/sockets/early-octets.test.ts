/** What the peer says, and that it ends, before the socket has an owner: kept until the owner asks for octets. */

import { expect, test } from 'vitest';
import { connectTo } from '../support/connect.js';
import { dialogue, gate } from '../support/dialogue.js';
import { serve } from '../support/scripted-server.js';

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

test.each([
  ['octets', () => dialogue().say('early'), 'early', false],
  ['octets and the end', () => dialogue().say('early').fin(), 'early', true],
  ['the end', () => dialogue().fin(), '', true],
])('%s, come before the sink was set, are delivered to it', async (_name, script, said, ends) => {
  const spoken = gate();
  const server = await serve(script().open(spoken).stall());
  const socket = await connectTo(server.port);
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
  while (heard !== said || ended !== ends) await nextTurn();
  expect([heard, ended]).toEqual([said, ends]);
  socket.close();
});
