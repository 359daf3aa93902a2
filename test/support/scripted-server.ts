/**
 * Scripted servers as tests have them: `await serve(dialogue()…)`. They run in a thread of their own, one for each test file,
 * begun by its first server and ended after its last test; so they go on while the test's thread is blocked. What they saw
 * is asked for at the moment of looking, and answered synchronously.
 */
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { afterAll, inject, onTestFinished } from 'vitest';
import type { Dialogue } from './dialogue.js';
import { octetsOf } from './octets.js';
import {
  ANSWERS,
  type Answer,
  CHANGES,
  type Done,
  type HeardRequest,
  type Noted,
  type PeerFacts,
  type PeerOrders,
  type Question,
  type ScriptOptions,
  type ServerFacts,
  type Task,
  type ThreadData,
  type TlsFacts,
} from './server-facts.js';

export type { ScriptOptions } from './server-facts.js';

/** Longest that a test waits for something to happen at the server. */
const UNTIL_MS = 30_000;
/** Longest that the server's thread may be busy before it answers. */
const ANSWER_MS = 10_000;

type TaskOf<T extends Task = Task> = T extends Task ? Omit<T, 'task'> : never;

/** The thread, from the test's side. */
class ServerThread {
  readonly #worker: Worker;
  readonly #questions: MessageChannel['port1'];
  readonly #counts = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  readonly #tasks = new Map<number, (done: Done) => void>();
  #tasksBegun = 0;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.#questions = port1;
    const workerData: ThreadData = { questions: port2, counts: this.#counts };
    this.#worker = new Worker(new URL(inject('serverThread')), { workerData, transferList: [port2], execArgv: [] });
    this.#worker.unref();
    this.#worker.on('message', (done: Done) => {
      this.#tasks.get(done.task)?.(done);
      this.#tasks.delete(done.task);
    });
  }

  /** Blocks until the answer is there. @throws what the server throws. */
  ask(question: Question): unknown {
    const before = Atomics.load(this.#counts, ANSWERS);
    this.#questions.postMessage(question);
    if (Atomics.wait(this.#counts, ANSWERS, before, ANSWER_MS) === 'timed-out') {
      throw new Error(`Cannot ask the server for ${question.about}: its thread did not answer within ${ANSWER_MS} ms`);
    }
    const { message } = receiveMessageOnPort(this.#questions) as { message: Answer };
    if ('error' in message) throw message.error;
    return message.value;
  }

  /** Resolves when it is done. Rejects with what the server throws. */
  async carryOut(what: TaskOf): Promise<number | null> {
    const task = this.#tasksBegun++;
    const done = await new Promise<Done>((resolve) => {
      this.#tasks.set(task, resolve);
      this.#worker.postMessage({ ...what, task });
    });
    if ('error' in done) throw done.error;
    return done.value;
  }

  /** How often something has happened at the servers of this thread. */
  get changes(): number {
    return Atomics.load(this.#counts, CHANGES);
  }

  /** Resolves when something happens after the `seen`-th time, or after `mostMs`. */
  async changeAfter(seen: number, mostMs: number): Promise<void> {
    const waiting = Atomics.waitAsync(this.#counts, CHANGES, seen, mostMs);
    // A server that never rests must not keep this thread's event loop from turning.
    if (waiting.async) await waiting.value;
    else await new Promise((resolve) => setImmediate(resolve));
  }

  /** The same for a thread that blocks. */
  blockForChangeAfter(seen: number, mostMs: number): void {
    Atomics.wait(this.#counts, CHANGES, seen, mostMs);
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

let thread: ServerThread | null = null;
let serversBegun = 0;

afterAll(async () => {
  await thread?.end();
  thread = null;
});

/** One connection, as the test sees it. */
export class PeerView implements PeerFacts, PeerOrders {
  readonly #ask: (about: keyof PeerFacts | keyof PeerOrders) => unknown;

  constructor(
    readonly index: number,
    ask: (peer: number, about: keyof PeerFacts | keyof PeerOrders) => unknown,
  ) {
    this.#ask = (about) => ask(index, about);
  }

  get requests(): readonly HeardRequest[] {
    const requests = this.#ask('requests') as readonly HeardRequest[];
    return requests.map((request) => ({ ...request, body: octetsOf(request.body) }));
  }

  get clientAddress(): string | null {
    return this.#ask('clientAddress') as string | null;
  }

  get heads(): readonly string[] {
    return this.#ask('heads') as readonly string[];
  }

  get octets(): Buffer {
    return octetsOf(this.#ask('octets') as Uint8Array);
  }

  get text(): string {
    return this.#ask('text') as string;
  }

  get octetsHeard(): number {
    return this.#ask('octetsHeard') as number;
  }

  get octetsTaken(): number {
    return this.#ask('octetsTaken') as number;
  }

  get arrivals(): readonly Noted[] {
    return this.#ask('arrivals') as readonly Noted[];
  }

  get saidAfter(): readonly Noted[] {
    return this.#ask('saidAfter') as readonly Noted[];
  }

  get clientClosedAt(): number | null {
    return this.#ask('clientClosedAt') as number | null;
  }

  get clientClosedBy(): 'fin' | 'reset' | null {
    return this.#ask('clientClosedBy') as 'fin' | 'reset' | null;
  }

  get finished(): boolean {
    return this.#ask('finished') as boolean;
  }

  get closes(): readonly (number | null)[] {
    return this.#ask('closes') as readonly (number | null)[];
  }

  get tls(): TlsFacts | null {
    return this.#ask('tls') as TlsFacts | null;
  }

  goDeaf(): void {
    this.#ask('goDeaf');
  }

  hearAgain(): void {
    this.#ask('hearAgain');
  }
}

/** A listening server, as the test sees it. */
export class ScriptedServer implements ServerFacts {
  readonly #thread: ServerThread;
  readonly #number: number;
  readonly #scheme: string;
  #closing: Promise<unknown> | null = null;

  constructor(
    thread: ServerThread,
    number: number,
    readonly port: number,
    isSecure: boolean,
  ) {
    this.#thread = thread;
    this.#number = number;
    this.#scheme = isSecure ? 'https' : 'http';
  }

  #ask<Name extends keyof ServerFacts>(about: Name): ServerFacts[Name] {
    return this.#thread.ask({ server: this.#number, peer: null, about }) as ServerFacts[Name];
  }

  /** Base URL without a slash at its end. */
  get url(): string {
    return this.urlFor('127.0.0.1');
  }

  /** The same server under a name, for tests that resolve it themselves. */
  urlFor(host: string): string {
    return `${this.#scheme}://${host}:${this.port}`;
  }

  get accepted(): number {
    return this.#ask('accepted');
  }

  get begun(): number {
    return this.#ask('begun');
  }

  get openSockets(): number {
    return this.#ask('openSockets');
  }

  get handshakes(): number {
    return this.#ask('handshakes');
  }

  get resumptions(): number {
    return this.#ask('resumptions');
  }

  get handshakeErrors(): readonly string[] {
    return this.#ask('handshakeErrors');
  }

  get heads(): readonly string[] {
    return this.#ask('heads');
  }

  get octetsHeard(): number {
    return this.#ask('octetsHeard');
  }

  get octetsTaken(): number {
    return this.#ask('octetsTaken');
  }

  get peers(): PeerView[] {
    return Array.from({ length: this.begun }, (_, index) => this.#view(index));
  }

  /** Everything heard on the n-th connection. @throws when there was none. */
  peer(index: number): PeerView {
    const { begun } = this;
    if (index >= begun) throw new Error(`connection ${index}: was never accepted (${begun} were)`);
    return this.#view(index);
  }

  #view(index: number): PeerView {
    return new PeerView(index, (peer, about) => this.#thread.ask({ server: this.#number, peer, about }));
  }

  /** Resolves when `question` answers true; asked again when a connection comes, speaks or goes. */
  async until(question: () => boolean): Promise<void> {
    const end = performance.now() + UNTIL_MS;
    for (;;) {
      const seen = this.#thread.changes;
      if (question()) return;
      const leftMs = end - performance.now();
      if (leftMs <= 0) throw new Error(`Not within ${UNTIL_MS} ms: ${question}`);
      await this.#thread.changeAfter(seen, leftMs);
    }
  }

  /** The same without leaving this thread: what came to the client's sockets meanwhile it has not seen yet. */
  blockUntil(question: () => boolean): void {
    const end = performance.now() + UNTIL_MS;
    for (;;) {
      const seen = this.#thread.changes;
      if (question()) return;
      const leftMs = end - performance.now();
      if (leftMs <= 0) throw new Error(`Not within ${UNTIL_MS} ms: ${question}`);
      this.#thread.blockForChangeAfter(seen, leftMs);
    }
  }

  /** Resolves when no socket is open any more. */
  emptied(): Promise<void> {
    return this.until(() => this.openSockets === 0);
  }

  /** How many octets of ours the kernels have taken, when for `calmMs` no more were taken. */
  takenAtRest(calmMs = 150): Promise<number> {
    return this.#thread.carryOut({ rest: this.#number, calmMs }) as Promise<number>;
  }

  /** Ends its connections and itself. The first call rejects with the first error of a script; later ones only wait. */
  async close(): Promise<void> {
    if (this.#closing !== null) {
      await Promise.allSettled([this.#closing]);
      return;
    }
    this.#closing = this.#thread.carryOut({ close: this.#number });
    await this.#closing;
  }
}

/** A listening server that is closed when the test ends. */
export async function serve(
  scripts: Dialogue | readonly Dialogue[],
  options: ScriptOptions = {},
): Promise<ScriptedServer> {
  thread ??= new ServerThread();
  const number = serversBegun++;
  const played = (Array.isArray(scripts) ? scripts : [scripts as Dialogue]).map(({ script }) => script);
  const port = await thread.carryOut({ open: number, scripts: played, options });
  const server = new ScriptedServer(thread, number, port as number, options.tls !== undefined);
  onTestFinished(() => server.close());
  return server;
}
