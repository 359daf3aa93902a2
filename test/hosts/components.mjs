// The component on its hosts: what jco makes of it on Node.js, Deno and Bun, and wasmtime by Python and Rust. Each is given the
// public cases and runs the program of examples/embedding. What a host needs is installed into the suite's folder; where that
// cannot be had, the host says so.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transpile } from '../../wasm/transpile.mjs';
import { shared, vectorsOf } from './conformance/vectors.mjs';
import { WASMTIME } from './wasmtime.mjs';

const MINUTE_MS = 60_000;
/** What compiling wasmtime may take; CI stands still meanwhile. */
const CARGO_MS = 10 * MINUTE_MS;
/** Python's wasmtime makes an object of each octet: it is given contents of at most so many, coded and decoded. */
const PYTHON_OCTETS_MAX = 4096;
/** Each so-manieth story: the encoders are all among them. */
const STORIES = 8;

const root = fileURLToPath(new URL('../../', import.meta.url));
const COMPONENT = join(root, 'wasm/build/http-core.component.wasm');
const EMBEDDING = join(root, 'examples/embedding');

/** SHA-256 of the component that is built. */
export const componentDigest = () => createHash('sha256').update(readFileSync(COMPONENT)).digest('hex');

/** The hosts of the component, given those of the package. */
export function components(hosts) {
  const javascript = hosts
    .filter(({ name }) => /^(Node|Deno|Bun)/.test(name))
    .filter(({ without }) => without === undefined)
    .map((host) => ({ ...host, name: `jco, ${host.name}`, kind: 'component', language: 'javascript' }));
  const others = ['python', 'rust'].map((language) => {
    const name = `wasmtime, ${language === 'python' ? 'Python' : 'Rust'}`;
    return { name, kind: 'component', language, absent: null };
  });
  return [...javascript, ...others];
}

/** `{ status, stdout, stderr }` of a program; status `null`: it was not there, or took too long. */
function outcomeOf(command, words, { cwd, timeoutMs = 5 * MINUTE_MS, env = {} }) {
  return new Promise((resolve) => {
    const stdio = ['ignore', 'pipe', 'pipe'];
    // A group of its own: the compilers that cargo starts, which write into the folder, end with it.
    const child = spawn(command, words, { cwd, env: { ...process.env, ...env }, stdio, detached: true });
    const timer = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), timeoutMs);
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) {
      child[name].setEncoding('utf8').on('data', (text) => {
        said[name] += text;
      });
    }
    child.on('error', (error) => {
      said.stderr += error.message;
    });
    child.on('close', (status) => {
      clearTimeout(timer);
      resolve({ status, ...said });
    });
  });
}

const read = (name) => JSON.parse(readFileSync(join(shared, `vectors/protocol/${name}.json`), 'utf8'));

/** The octets of a script, in hexadecimal; it is of the peer alone. */
function http2Input({ server_preface: preface, after_requests: steps }) {
  return (
    preface +
    steps.map((step) => (typeof step === 'string' ? step : (step.hex ?? '').repeat(step.repeat ?? 0))).join('')
  );
}

/** The cases that the component is given, of content codings those that `isTaken`; `null`: they are not there. */
function componentVectors(isTaken) {
  if (!existsSync(join(shared, 'vectors'))) return null;
  const isPlain = ({ method, expect: { outcome }, limit }) =>
    ['accept', 'reject'].includes(outcome) && !limit && ['GET', 'HEAD'].includes(method);
  const { cases: stories, header_sets: lists } = read('hpack-stories');
  return {
    http1: read('h1-ambiguity').cases.filter(isPlain),
    http2: read('h2-client-conformance')
      .cases.filter(
        ({ requests, expect: { type } }) =>
          ['ok', 'connection_error'].includes(type) && requests.every((one) => one.body_hex === undefined),
      )
      .map((one) => ({
        ...one,
        input: http2Input(one),
        closes: one.after_requests.some((step) => step.close === true),
      })),
    stories: stories.filter((_, i) => i % STORIES === 0).map((one) => ({ ...one, lists: lists[one.headers_ref] })),
    bad: read('hpack-bad').cases.filter(({ expect }) => expect === 'error'),
    deflate: vectorsOf('coding-deflate').cases.filter(isTaken),
    brotli: vectorsOf('coding-brotli').cases.filter(isTaken),
    zstd: vectorsOf('coding-zstd').cases.filter(isTaken),
  };
}

/** What the cases make of the entry that `words` start. */
async function vectorResults(command, words, folder, isTaken = () => true) {
  const vectors = componentVectors(isTaken);
  if (vectors === null) return [{ name: 'the public cases', skipped: '../shared is absent' }];
  writeFileSync(join(folder, 'component-vectors.json'), JSON.stringify(vectors));
  const { stdout, stderr } = await outcomeOf(command, words, { cwd: folder });
  const found = /^RESULTS (.*)$/m.exec(stdout);
  return found === null
    ? [{ name: 'the suite', failed: `no results: ${`${stdout}${stderr}`.slice(-2000)}` }]
    : JSON.parse(found[1]);
}

/** Whether the program of examples/embedding prints what it should. */
async function embeddingResult(command, words, options) {
  const { stdout, stderr } = await outcomeOf(command, words, options);
  const isRight = stdout === readFileSync(join(EMBEDDING, 'expected.txt'), 'utf8');
  const name = 'embedding: the program prints what it should';
  return isRight ? { name, passed: true } : { name, failed: `${stdout}${stderr}`.slice(-2000) };
}

async function javascriptResults({ command, words }, folder) {
  const modules = join(folder, 'component');
  await transpile(COMPONENT, modules);
  return [
    ...(await vectorResults(command, [...words, 'component-entry.mjs'], folder)),
    await embeddingResult(command, [...words, join(EMBEDDING, 'javascript/main.mjs'), modules], { cwd: folder }),
  ];
}

const absent = (reason) => [{ name: 'the suite', skipped: reason }];

const isSmall = ({ input_b64: input, expect: { size = 0 } }) =>
  input.length < PYTHON_OCTETS_MAX && size < PYTHON_OCTETS_MAX;

async function pythonResults(folder) {
  const python = join(folder, 'venv/bin/python');
  const made = await outcomeOf('python3', ['-m', 'venv', 'venv'], { cwd: folder });
  if (made.status !== 0) return absent('there is no python3 that makes environments');
  const words = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', WASMTIME];
  const installed = await outcomeOf(python, words, { cwd: folder });
  if (installed.status !== 0) return absent(`pip cannot install ${WASMTIME}`);
  return [
    ...(await vectorResults(python, ['component-entry.py', COMPONENT], folder, isSmall)),
    await embeddingResult(python, [join(EMBEDDING, 'python/main.py'), COMPONENT], { cwd: folder }),
  ];
}

async function rustResults(folder) {
  const options = {
    cwd: join(EMBEDDING, 'rust'),
    timeoutMs: CARGO_MS,
    env: { CARGO_TARGET_DIR: join(folder, 'cargo') },
  };
  if ((await outcomeOf('cargo', ['--version'], options)).status !== 0) return absent('there is no cargo');
  const fetched = await outcomeOf('cargo', ['fetch', '--locked', '--quiet'], options);
  if (fetched.status !== 0) return absent('cargo cannot fetch what the program needs');
  const built = await outcomeOf('cargo', ['build', '--locked', '--quiet'], options);
  if (built.stderr.includes('requires rustc')) return absent('cargo is too old for wasmtime');
  if (built.status === null) return absent(`wasmtime was not compiled within ${CARGO_MS / MINUTE_MS} minutes`);
  if (built.status !== 0) return [{ name: 'embedding: the program compiles', failed: built.stderr.slice(-2000) }];
  return [await embeddingResult(join(folder, 'cargo/debug/http-core-embedding'), [COMPONENT], options)];
}

/** The results of the component on a host. */
export function componentResults(host, folder) {
  if (host.language === 'python') return pythonResults(folder);
  if (host.language === 'rust') return rustResults(folder);
  return javascriptResults(host, folder);
}
