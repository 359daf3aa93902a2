import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { type Environment, runtime } from '../../src/environment.js';
import type { Response } from '../../src/index.js';
import { openClient } from '../support/client.js';
import { dialogue } from '../support/dialogue.js';
import { serve } from '../support/scripted-server.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const ONE = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none';

/** An environment whose warnings are gathered. */
function listening(): { readonly environment: Environment; readonly warnings: string[] } {
  const warnings: string[] = [];
  const host = { ...runtime.host, warn: (message: string) => void warnings.push(message) };
  return { environment: { ...runtime, host }, warnings };
}

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 500 && !condition(); turn++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('a stream response that is dropped unread frees its connection and warns once with its URL', async () => {
  const server = await serve([dialogue().hear().say('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf').stall()]);
  const { environment, warnings } = listening();
  const client = openClient({}, environment);
  let response: Response | null = await client.stream('GET', server.url);
  expect(response.statusCode).toBe(200);
  response = null;
  await until(() => warnings.length > 0);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain(server.url);
  await until(() => server.openSockets === 0);
  expect(server.openSockets).toBe(0);
});

test('one that is read to its end, or closed, does not', async () => {
  const server = await serve([dialogue().hear().say(ONE).hear().say(ONE).stall()]);
  const { environment, warnings } = listening();
  const client = openClient({}, environment);
  await (await client.stream('GET', server.url)).aread();
  await (await client.stream('GET', server.url)).aclose();
  for (let turn = 0; turn < 20; turn++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(warnings).toEqual([]);
});
