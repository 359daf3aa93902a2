// A port that nobody listens on, for as long as the suite runs.
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below what systems give to those who ask for any port (Linux: from 32768 on): nobody is given it later by chance. */
const [FROM, TO] = [20_000, 32_000];
const TRIES_MAX = 20;

/** A closed port of 127.0.0.1. @throws Error if none is found */
export async function closedPort() {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const port = randomInt(FROM, TO);
    const server = createServer();
    const isFree = await new Promise((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
  throw new Error(`Cannot find a closed port: ${TRIES_MAX} of ${FROM} to ${TO} are in use`);
}
