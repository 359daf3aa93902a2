// Runs the suite in QuickJS, by quickjs-emscripten: an engine that is JavaScript and nothing else. This process is its embedder,
// and gives it what no script can make: time, randomness, sockets. Its WebAssembly is not seen from inside.
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { bundled } from './bundle.mjs';

const SUITE_MS = 420_000;

/** Sockets by number, read piece by piece. */
class Sockets {
  #sockets = new Map();
  #numbers = 0;

  async connect(host, port) {
    const socket = connect({ host, port, noDelay: true, allowHalfOpen: true });
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    socket.on('error', () => {});
    this.#sockets.set(++this.#numbers, { socket, pieces: socket[Symbol.asyncIterator]() });
    return this.#numbers;
  }

  async read(id) {
    const { value, done } = await this.#of(id).pieces.next();
    return done ? null : value;
  }

  write(id, octets) {
    const { socket } = this.#of(id);
    return new Promise((resolve, reject) => socket.write(octets, (error) => (error ? reject(error) : resolve())));
  }

  closeWrite(id) {
    return new Promise((resolve) => this.#of(id).socket.end(resolve));
  }

  async close(id) {
    this.#sockets.get(id)?.socket.destroy();
    this.#sockets.delete(id);
  }

  #of(id) {
    const found = this.#sockets.get(id);
    if (found === undefined) throw new Error('the socket is closed');
    return found;
  }

  destroy() {
    for (const { socket } of this.#sockets.values()) socket.destroy();
  }
}

/** One engine, with the functions that it calls, and a way to call it. */
class Engine {
  #context;
  #sockets = new Sockets();
  #timers = new Set();
  #isOver = false;
  results;

  constructor(quickjs) {
    this.#context = quickjs.newContext();
    this.results = new Promise((resolve, reject) => {
      this.#define('done', (text) => resolve(JSON.parse(this.#context.getString(text))));
      this.fail = reject;
    });
    this.#define('after', (id, ms) => this.#after(this.#context.getNumber(id), this.#context.getNumber(ms)));
    this.#define('random', (octets) => this.#buffer(randomBytes(this.#context.getNumber(octets))));
    this.#define('sha256', (buffer) => this.#buffer(createHash('sha256').update(this.#octets(buffer)).digest()));
    this.#define('call', (id, name, words, octets) => {
      const given = this.#context.typeof(octets) === 'undefined' ? [] : [this.#octets(octets)];
      const [number, method] = [this.#context.getNumber(id), this.#context.getString(name)];
      this.#answer(number, method, [...JSON.parse(this.#context.getString(words)), ...given]);
    });
  }

  run(code) {
    this.#context.unwrapResult(this.#context.evalCode(code, 'suite.js')).dispose();
    this.#runJobs();
  }

  end() {
    this.#isOver = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#sockets.destroy();
    // The engine itself is a WebAssembly instance of its own: it goes with the last reference to it.
  }

  #define(name, work) {
    const { global } = this.#context;
    const existing = this.#context.getProp(global, 'embedder');
    const embedder = this.#context.typeof(existing) === 'undefined' ? this.#context.newObject() : existing;
    this.#context.newFunction(name, work).consume((made) => this.#context.setProp(embedder, name, made));
    this.#context.setProp(global, 'embedder', embedder);
    embedder.dispose();
  }

  #octets(handle) {
    return this.#context.getArrayBuffer(handle).consume(({ value }) => Buffer.from(value));
  }

  #buffer(octets) {
    return this.#context.newArrayBuffer(Uint8Array.from(octets).buffer);
  }

  #after(id, ms) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#call('fire', [this.#context.newNumber(id)]);
    }, ms);
    this.#timers.add(timer);
  }

  async #answer(id, method, words) {
    let [error, value] = [null, undefined];
    try {
      value = await this.#sockets[method](...words);
    } catch (thrown) {
      error = thrown.message;
    }
    if (this.#isOver) return;
    const vm = this.#context;
    const answer =
      value instanceof Uint8Array ? this.#buffer(value) : typeof value === 'number' ? vm.newNumber(value) : vm.null;
    this.#call('settle', [vm.newNumber(id), error === null ? vm.null : vm.newString(error), answer]);
  }

  #call(name, words) {
    if (this.#isOver) return;
    const vm = this.#context;
    const embedded = vm.getProp(vm.global, 'embedded');
    const method = vm.getProp(embedded, name);
    const result = vm.callFunction(method, embedded, ...words);
    for (const handle of [embedded, method, ...words]) handle.dispose();
    if (result.error) this.#failed(result.error);
    else result.value.dispose();
    this.#runJobs();
  }

  #runJobs() {
    const result = this.#context.runtime.executePendingJobs();
    if (result.error) this.#failed(result.error);
  }

  #failed(handle) {
    const thrown = this.#context.dump(handle);
    handle.dispose();
    this.fail(new Error(`${thrown.name}: ${thrown.message}\n${thrown.stack}`));
  }
}

/** The results of the suite, in the project `folder`. */
export async function quickjsResults({ features, without }, servers, folder) {
  const outdir = await bundled(folder, 'quickjs-entry', ['no-wasm'], {
    format: 'iife',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    target: 'es2022',
  });
  const { newQuickJSWASMModule } = await import('quickjs-emscripten');
  const engine = new Engine(await newQuickJSWASMModule());
  const timer = setTimeout(() => engine.fail(new Error(`no results in ${SUITE_MS} ms`)), SUITE_MS);
  try {
    engine.run(readFileSync(join(outdir, 'quickjs-entry.js'), 'utf8'));
    engine.run(
      `begin(${JSON.stringify(JSON.stringify(servers))}, ${JSON.stringify(JSON.stringify({ features, without, secureOptions: {} }))})`,
    );
    return await engine.results;
  } catch (error) {
    return [{ name: 'the suite', failed: error.message }];
  } finally {
    clearTimeout(timer);
    engine.end();
  }
}
