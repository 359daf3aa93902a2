/** Plays a script (dialogue.ts) on a connection, in the server's thread. What a step means stands here and nowhere else. */
import { createGzip } from 'node:zlib';
import type { Said, Script, Step } from './dialogue.js';
import { Gate } from './gate.js';
import { answer, octetsOf } from './octets.js';
import { ClientGone, type Peer } from './peer.js';

/** Most octets `sayForever` offers: a client that takes them all has no limit. */
const FOREVER_OCTETS = 64 * 1024 * 1024;
/** Least octets of one write of `sayForever`. */
const FOREVER_PIECE = 16 * 1024;

type Player<Name> = (peer: Peer, step: Extract<Step, { readonly name: Name }>) => unknown;

const players: { readonly [Name in Step['name']]: Player<Name> } = {
  hear: (peer) => peer.hear(),
  hearHead: (peer) => peer.hearHead(),
  hearEnd: (peer) => peer.closed(),
  hearOctets: (peer, { count }) => peer.hearOctets(count),
  hearInAll: (peer, { count }) => peer.until(() => peer.octetsHeard >= count),
  hearClose: (peer, { withinMs }) => hearClose(peer, withinMs),
  say: (peer, { said }) => peer.say(said),
  sayTarget: (peer) => peer.say(answer(peer.requests.at(-1)?.target ?? '')),
  sayDripping: (peer, { said, everyMs }) => sayDripping(peer, said, everyMs),
  sayForever: (peer, { said, everyMs }) => sayForever(peer, said, everyMs),
  sayZerosInGzip: (peer, { octets }) => sayZerosInGzip(peer, octets),
  wait: (peer, { ms }) => pause(ms, peer),
  until: (peer, { cell }) => opened(peer, new Gate(cell)),
  open: (_peer, { cell }) => new Gate(cell).open(),
  join: (peer, { port }) => peer.join(port),
  goDeaf: (peer) => peer.goDeaf(),
  hearAgain: (peer) => peer.hearAgain(),
  fin: (peer) => peer.fin(),
  reset: (peer) => peer.reset(),
  loop: async (peer, { steps }) => {
    for (;;) for (const step of steps) await playStep(peer, step);
  },
};

function playStep(peer: Peer, step: Step): unknown {
  return (players[step.name] as Player<Step['name']>)(peer, step);
}

/** Plays the steps; what a client's early close breaks off is no error of the script. */
export async function play(script: Script, peer: Peer): Promise<void> {
  try {
    for (const step of script.steps) {
      await playStep(peer, step);
      peer.changed();
    }
    peer.finished = true;
  } catch (error) {
    if (!(error instanceof ClientGone)) peer.scriptError = error;
  }
}

async function sayDripping(peer: Peer, said: Said, everyMs: number): Promise<void> {
  for (const octet of octetsOf(said)) {
    await peer.say(Uint8Array.of(octet));
    await pause(everyMs, peer);
  }
}

async function sayForever(peer: Peer, said: Said, everyMs: number): Promise<void> {
  const once = octetsOf(said);
  const piece = everyMs > 0 ? once : repeated(once, FOREVER_PIECE);
  while (peer.clientClosedAt === null && peer.octetsTaken < FOREVER_OCTETS) {
    await peer.say(piece);
    await pause(everyMs, peer);
  }
}

async function sayZerosInGzip(peer: Peer, octets: number): Promise<void> {
  const gzip = createGzip({ level: 9 });
  const zeros = Buffer.alloc(1 << 20);
  const feeding = (async () => {
    for (let left = octets; left > 0 && peer.clientClosedAt === null; left -= zeros.length) {
      const room = gzip.write(left < zeros.length ? zeros.subarray(0, left) : zeros);
      if (!room) await new Promise<void>((resolve) => gzip.once('drain', resolve));
    }
    gzip.end();
  })();
  for await (const part of gzip as AsyncIterable<Buffer>) {
    await peer.say(Buffer.concat([octetsOf(`${part.length.toString(16)}\r\n`), part, octetsOf('\r\n')]));
  }
  await feeding;
  await peer.say('0\r\n\r\n');
}

async function hearClose(peer: Peer, withinMs: number): Promise<void> {
  const from = performance.now();
  await Promise.race([peer.closed(), pause(withinMs, peer)]);
  const { clientClosedAt } = peer;
  peer.closes.push(clientClosedAt === null ? null : Math.max(0, clientClosedAt - from));
}

/** Waits for the test, at most until the server is closed: a test that failed before it opened its gate must still end. */
async function opened(peer: Peer, gate: Gate): Promise<void> {
  await Promise.race([gate.opened, peer.destroyed]);
  if (!gate.isOpen) throw new ClientGone(`connection ${peer.index}: the server was closed before its gate was opened`);
}

/** Waits, at most until the client closes; 0 is one turn of the event loop. */
function pause(ms: number, peer: Peer): Promise<void> {
  if (ms <= 0) return new Promise((resolve) => setImmediate(resolve));
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    void peer.closed().then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function repeated(once: Buffer, least: number): Buffer {
  const times = Math.max(1, Math.ceil(least / once.length));
  return Buffer.concat(Array.from({ length: times }, () => once));
}
