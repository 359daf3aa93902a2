/** The table of servers against the scripts that start them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { peers, scripts } from './peers.js';

const start = join(scripts, 'start.sh');
const isHere = existsSync(start);

test('each port is one server’s', () => {
  const ports = Object.values(peers).flatMap((peer) => Object.values<number>(peer.ports));
  expect(new Set(ports).size).toBe(ports.length);
});

test.skipIf(!isHere)(`start.sh knows each name ${isHere ? '' : '(skipped: ../shared/interop is absent)'}`, () => {
  const known = [...readFileSync(start, 'utf8').matchAll(/^ {4}([a-z][a-z0-9-]*)\) /gm)].map(([, name]) => name);
  expect(Object.keys(peers).sort()).toEqual(known.sort());
});
