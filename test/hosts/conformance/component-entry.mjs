// The public cases against the component under jco. component-entry.py does the same under wasmtime.
import { readFileSync } from 'node:fs';
import { equal, holds, sha256 } from './check.mjs';
import { instantiate } from './component/http-core.js';

const read = (name) => readFileSync(new URL(name, import.meta.url));
const { connections, hpack, codings, memory } = instantiate(
  (path) => new WebAssembly.Module(read(`component/${path}`)),
  {},
);
const vectors = JSON.parse(read('component-vectors.json'));
const LIMITS = { octets: 65536, fields: 256, interim: 16 };
const PIECE_OCTETS = 7;
const LARGE_PIECE_OCTETS = 16_384;

const octetsOf = (text) => Uint8Array.from(text, (char) => char.charCodeAt(0));
const ofBase64 = (base64) => octetsOf(atob(base64));
const ofHex = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const textOf = (octets) => Array.from(octets, (octet) => String.fromCharCode(octet)).join('');
const pairsOf = (fields) => fields.map(({ name, value }) => [textOf(name), textOf(value)]);

function joined(pieces) {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function requestOf(method, target, isComplete) {
  const fields = [{ name: octetsOf('Host'), value: octetsOf('example.org') }];
  return { method: octetsOf(method), target: octetsOf(target), scheme: 'https', fields, isComplete };
}

/** All events of the input, whose content is released as it comes. */
function eventsOf(connection, input, pieceOctets, closes) {
  const events = [];
  for (let at = 0; at < input.length; at += pieceOctets) {
    const some = connection.receive(input.subarray(at, at + pieceOctets), 0);
    for (const { tag, val } of some) if (tag === 'data') connection.release(val.stream, val.octets.length);
    connection.takeOutput();
    events.push(...some);
  }
  if (closes) events.push(...connection.receiveEnd());
  return events;
}
const find = (events, tag, stream) => events.find((event) => event.tag === tag && event.val.stream === stream)?.val;
const isFault = ({ tag, val }) => tag === 'error' && val.fault.rule !== 'unsolicited';

/** What is wrong with how a response was taken, or `null`. */
function http1Wrong({ method, input_b64, server_closes_after, expect }) {
  const connection = new connections.Connection('http1', LIMITS);
  connection.open(requestOf(method, '/', true));
  const events = eventsOf(connection, ofBase64(input_b64), PIECE_OCTETS, server_closes_after);
  connection[Symbol.dispose]();
  const isRefused = events.some(isFault);
  if (isRefused !== (expect.outcome === 'reject')) return isRefused ? 'refused' : 'accepted';
  if (isRefused) return null;
  if (expect.status !== undefined && find(events, 'head', 1)?.status !== expect.status) return 'status';
  const body = joined(events.filter(({ tag }) => tag === 'data').map(({ val }) => val.octets));
  return expect.body_b64 !== undefined && textOf(body) !== atob(expect.body_b64) ? 'body' : null;
}

function http2Wrong({ requests, input, closes, expect }) {
  const connection = new connections.Connection('http2', LIMITS);
  for (const { method, path } of requests) connection.open(requestOf(method, path, true));
  connection.takeOutput();
  const events = eventsOf(connection, ofHex(input), LARGE_PIECE_OCTETS, closes);
  connection[Symbol.dispose]();
  const stream = expect.stream ?? 1;
  const isBroken = events.some(({ tag }) => tag === 'error');
  if (expect.type === 'connection_error') return isBroken ? null : 'not broken';
  if (isBroken) return 'broken';
  if (find(events, 'head', stream)?.status !== expect.status) return 'status';
  return find(events, 'end', stream) === undefined ? 'no end' : null;
}

function storyWrong({ blocks, lists }) {
  const tableOctets = blocks[0].max_table_size ?? 4096;
  const decoder = new hpack.FieldDecoder({ tableOctets, listOctets: 65536, fields: 1024 });
  const wrong = blocks.findIndex(({ wire, max_table_size: size }, index) => {
    if (size !== undefined && index > 0) decoder.allow(size);
    return JSON.stringify(pairsOf(decoder.decode(ofHex(wire)))) !== JSON.stringify(lists[index]);
  });
  decoder[Symbol.dispose]();
  return wrong < 0 ? null : `block ${wrong}`;
}

function badWrong({ blocks, settings_header_table_size: size }) {
  const decoder = new hpack.FieldDecoder({ tableOctets: 4096, listOctets: 65536, fields: 256 });
  if (size !== undefined) decoder.allow(size);
  try {
    for (const block of blocks) {
      if (block.startsWith('S')) decoder.allow(Number(block.slice(1)));
      else decoder.decode(ofHex(block));
    }
    return 'accepted';
  } catch (error) {
    return typeof error.payload?.number === 'number' ? null : String(error);
  } finally {
    decoder[Symbol.dispose]();
  }
}

/** The decoded octets, or `null` for what is refused. */
function decoded(coding, input) {
  const decoder = new codings.ContentDecoder(coding, {});
  const pieces = [];
  try {
    for (let at = 0; ; ) {
      const { octets, taken, progress } = decoder.decode(input.subarray(at, at + LARGE_PIECE_OCTETS));
      pieces.push(octets);
      at += taken;
      if (progress.tag === 'broken') return null;
      if (progress.tag === 'needs-input' && at >= input.length) break;
    }
    decoder.end();
    return joined(pieces);
  } catch (error) {
    if (typeof error.payload?.number === 'number') return null;
    throw error;
  } finally {
    decoder[Symbol.dispose]();
  }
}

async function codingWrong({ coding, input_b64, expect }) {
  const found = decoded(coding, ofBase64(input_b64));
  if ((found !== null) !== expect.ok) return found === null ? 'refused' : 'accepted';
  return found !== null && expect.sha256 !== undefined && (await sha256(found)) !== expect.sha256 ? 'octets' : null;
}

const JUDGES = {
  http1: ['ambiguous responses are refused, others accepted', http1Wrong],
  http2: ['broken connections are told, others go on', http2Wrong],
  stories: ['stories decode to their fields', storyWrong],
  bad: ['bad blocks are refused', badWrong],
  deflate: ['coding-deflate decodes as it should', codingWrong],
  brotli: ['coding-brotli decodes as it should', codingWrong],
  zstd: ['coding-zstd decodes as it should', codingWrong],
};
const GROUPS = { stories: 'hpack', bad: 'hpack', deflate: 'codings', brotli: 'codings', zstd: 'codings' };

const results = [];
for (const [key, [title, judge]] of Object.entries(JUDGES)) {
  const name = `${GROUPS[key] ?? key}: ${title}`;
  try {
    const wrong = [];
    for (const one of vectors[key]) {
      const what = await judge(one);
      if (what !== null) wrong.push(`${one.id}: ${what}`);
    }
    holds(vectors[key].length > 10, `${vectors[key].length} cases`);
    equal(wrong, [], `of ${vectors[key].length} cases`);
    results.push({ name, passed: true });
  } catch (error) {
    results.push({ name, failed: String(error.stack ?? error) });
  }
}
const live = memory.liveOctets();
results.push({ name: 'memory: nothing is left', ...(live === 0 ? { passed: true } : { failed: `${live} octets` }) });
console.log(`RESULTS ${JSON.stringify(results)}`);
