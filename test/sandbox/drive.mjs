// Drives a sandbox in this Node.js: `node drive.mjs world component folder steps.json`. Prints what came of each step.
import { readFileSync } from 'node:fs';
import { connections } from '../../examples/sandbox/hosts/connections.mjs';
import { overTransport, overWasi } from '../../examples/sandbox/hosts/node.mjs';

const [world, component, folder, stepsPath] = process.argv.slice(2);
const encode = (text) => new TextEncoder().encode(text);
const decode = (octets) => new TextDecoder().decode(octets);
/** Requests that are not about time have plenty of it. */
const PLENTY_MS = 60_000;
const requestOf = ({ method, url, body, timeoutMs = PLENTY_MS }) => ({
  method,
  url,
  headers: [],
  body: body === undefined ? undefined : encode(body),
  timeoutMs,
});

const { transport } = connections();
let broken = null;
/** The transport, but for what is broken of it. */
const brittle = Object.fromEntries(
  Object.entries(transport).map(([name, work]) => [
    name,
    (...words) => {
      if (name === broken) throw 'the cable was cut';
      return work(...words);
    },
  ]),
);

const began = performance.now();
const client =
  world === 'over-transport' ? await overTransport(component, folder, brittle) : await overWasi(component, folder);
const startMs = performance.now() - began;

async function read(request, handled) {
  const download = await client.open(requestOf(request));
  const pieces = [];
  const status = await download.status();
  for (let piece = await download.next(); piece !== undefined; piece = await download.next()) {
    pieces.push(decode(piece));
    if (handled === null) break;
    await client.send(requestOf({ ...handled, body: pieces.at(-1) }));
  }
  await download.close();
  await download[Symbol.dispose]();
  return { status, pieces };
}

const work = {
  send: ({ request }) => client.send(requestOf(request)),
  relay: ({ source, target }) => client.relay(requestOf(source), requestOf(target)),
  read: ({ request, handled }) => read(request, handled),
  drop: ({ request }) => read(request, null),
};

async function outcomeOf(step) {
  broken = step.broken ?? null;
  try {
    const outcome = await work[step.do](step);
    return outcome.body === undefined ? outcome : { ...outcome, body: decode(outcome.body) };
  } catch (error) {
    if (error.payload === undefined) throw error;
    return { failure: error.payload };
  }
}

const outcomes = [];
for (const step of JSON.parse(readFileSync(stepsPath, 'utf8'))) outcomes.push(await outcomeOf(step));
// jco's shim keeps a thread, and connections are kept: what is left ends with the process, when all is said.
process.stdout.write(`RESULTS ${JSON.stringify({ startMs, outcomes })}\n`, () => process.exit());
