/**
 * Starts real servers for a suite, and stops just those after it:
 *
 *     servers('nginx', 'haproxy').describe('haproxy', ({ ca }) => {
 *       describe.each(clients)('$name', (kind) => {
 *         test('a file comes whole', async () => {
 *           const client = kind.open({ verify: ca });
 *           const response = await client.get(`https://localhost:${peers.haproxy.ports.tls}/hello.txt`);
 *
 * One file per server, or per family of servers; files run one after the other (vitest.config.ts), since each port is one
 * server's. Where a server is not installed its suite is skipped, and its title says so.
 */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { absenceOf, PATH, type PeerName, peers, scripts } from './peers.js';

/** What a suite is told about the servers that it asked for. */
export interface Place {
  /** Path of the certificate of the authority that signed theirs. */
  readonly ca: string;
  /** Path of a file below the servers' folder: `certs/client.pem`, `www/hello.txt`, `log/nginx`. */
  path(name: string): string;
}

/** Another run on this machine may have them: that long it is waited for. */
const FREE_WITHIN_MS = 120_000;
const LISTENING_WITHIN_MS = 60_000;
/** After that a server that was told to stop is killed. */
const STOPPED_WITHIN_MS = 5_000;
const LOG_CHARACTERS = 1_500;

const run = promisify(execFile);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Servers by their names in INTEROP.md, for the suites described through them. */
export function servers(...names: PeerName[]): { describe(title: string, suite: (place: Place) => void): void } {
  const absence = absenceOf(names);
  const folder = join(inject('interopFolder'), 'interop');
  const place: Place = { ca: join(folder, 'certs/ca.pem'), path: (name) => join(folder, name) };
  return {
    describe(title, suite) {
      describe.skipIf(absence !== null)(absence === null ? title : `${title} ${absence}`, () => {
        beforeAll(() => start(names, folder), FREE_WITHIN_MS + 2 * LISTENING_WITHIN_MS);
        afterAll(() => stop(names, folder));
        suite(place);
      });
    },
  };
}

async function start(names: readonly PeerName[], folder: string): Promise<void> {
  const ports = names.flatMap((name) => Object.values(peers[name].ports));
  const freeBy = Date.now() + FREE_WITHIN_MS;
  for (let taken = await listening(ports); taken.length > 0; taken = await listening(ports)) {
    if (Date.now() > freeBy)
      throw new Error(`Cannot start ${names.join(', ')}: somebody listens at ${taken.join(', ')}`);
    await pause(500);
  }
  await run('bash', [join(scripts, 'start.sh'), '-d', folder, ...names], { env: { ...process.env, PATH } });
  const listeningBy = Date.now() + LISTENING_WITHIN_MS;
  for (;;) {
    const there = await listening(ports);
    if (there.length === ports.length) break;
    if (Date.now() > listeningBy) {
      const silent = ports.filter((port) => !there.includes(port));
      throw new Error(
        `Cannot start ${names.join(', ')}: nobody listens at ${silent.join(', ')}\n${logs(names, folder)}`,
      );
    }
    await pause(100);
  }
  // Who could not have its ports has ended, and what answers there is another's.
  const ended = processes(names, folder).filter(({ pid }) => !isAlive(pid));
  if (ended.length > 0) throw new Error(`Cannot start ${names.join(', ')}: it ended\n${logs(names, folder)}`);
}

async function stop(names: readonly PeerName[], folder: string): Promise<void> {
  const started = processes(names, folder);
  await run('bash', [join(scripts, 'stop.sh'), '-d', folder, ...names]);
  const stoppedBy = Date.now() + STOPPED_WITHIN_MS;
  while (started.some(({ pid }) => isAlive(pid))) {
    if (Date.now() > stoppedBy) for (const { pid } of started) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    await pause(50);
  }
}

/** Those of `ports` where a connection is accepted. */
async function listening(ports: readonly number[]): Promise<readonly number[]> {
  const asked = ports.map(
    (port) =>
      new Promise<boolean>((resolve) => {
        const socket = connect(port, '127.0.0.1');
        socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
        socket.once('connect', () => socket.destroy());
      }),
  );
  const answers = await Promise.all(asked);
  return ports.filter((_, i) => answers[i]);
}

/** What start.sh noted of its servers: one has a file for each of its processes. */
function processes(names: readonly PeerName[], folder: string): { readonly name: string; readonly pid: number }[] {
  return readdirSync(join(folder, 'run'))
    .map((file) => /^(.+)\.started$/.exec(file)?.[1] ?? '')
    .filter((name) => names.some((asked) => name === asked || name.startsWith(`${asked}-`)))
    .map((name) => ({ name, pid: Number(readFileSync(join(folder, 'run', `${name}.started`), 'utf8')) }));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

function logs(names: readonly PeerName[], folder: string): string {
  const texts = processes(names, folder).map(({ name }) => readFileSync(join(folder, 'log', name), 'utf8'));
  return texts.map((text) => text.slice(-LOG_CHARACTERS)).join('\n');
}
