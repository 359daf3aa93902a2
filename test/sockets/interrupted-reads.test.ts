/**
 * Exceptions that nobody caught while a body is streamed, in a process that lives on: what is delivered is what came, or the
 * call fails. Node.js then reads on into the memory of the read before (hosts/node/sockets.ts).
 */
import { describe, expect, test } from 'vitest';
import { ReadError } from '../../src/index.js';
import { openClient } from '../support/client.js';
import { dialogue } from '../support/dialogue.js';
import { patternOf } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';
import { strayErrorsOf } from '../support/stray-errors.js';

const OCTETS = 2_000_000;

describe.each([
  ['process.nextTick', (thrown: () => never) => process.nextTick(thrown)],
  ['a microtask', (thrown: () => never) => queueMicrotask(thrown)],
  ['the next turn', (thrown: () => never) => void setImmediate(thrown)],
])('an exception in %s while a body is read', (_name, later) => {
  test('never mixes memory into it, and leaves the next call alone', async () => {
    const head = `HTTP/1.1 200 OK\r\nContent-Length: ${OCTETS}\r\n\r\n`;
    const body = patternOf(OCTETS);
    const server = await serve(dialogue().loop(dialogue().hear().say(head).say(body)), { repeatLast: true });
    const client = openClient();
    const kept: Uint8Array[] = [];
    const strays = await strayErrorsOf(async () => {
      try {
        const response = await client.stream('GET', server.url);
        for await (const piece of response.aiterRaw()) {
          if (kept.push(piece) === 3) {
            later(() => {
              throw new Error('nobody catches this');
            });
          }
        }
      } catch (error) {
        expect(error).toBeInstanceOf(ReadError);
      }
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    });
    expect(strays.length).toBe(1);
    const read = Buffer.concat(kept);
    expect(read.length).toBeGreaterThan(0);
    expect(Buffer.compare(read, Buffer.from(body.subarray(0, read.length)))).toBe(0);
    expect((await client.get(server.url)).content.length).toBe(OCTETS);
    await client.aclose();
  });
});
