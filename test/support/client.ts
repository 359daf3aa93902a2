/** Clients for tests: closed when the test ends, on the real host, on a fake one, or on real sockets with a fake clock. */
import { expect, onTestFinished } from 'vitest';
import { Deadlines } from '../../src/deadlines.js';
import { type Environment, runtime } from '../../src/environment.js';
import { AsyncClient } from '../../src/index.js';
import { FakeHost } from './fake-host.js';
import { FakeConnector } from './fake-socket.js';

export type ClientOptions = NonNullable<ConstructorParameters<typeof AsyncClient>[0]>;
export type RequestOptions = NonNullable<Parameters<AsyncClient['request']>[2]>;

/** A client that is closed when the test ends. */
export function openClient(options: ClientOptions = {}, environment?: Environment): AsyncClient {
  const client = new AsyncClient(options, environment);
  onTestFinished(() => client.aclose());
  return client;
}

/** A fake host and fake sockets. */
export interface FakeEnvironment extends Environment {
  readonly host: FakeHost;
  readonly connector: FakeConnector;
}

export function fakeEnvironment(): FakeEnvironment {
  const host = new FakeHost();
  return { host, connector: new FakeConnector(), deadlines: new Deadlines(host) };
}

/** Real sockets, but time passes only when the test says so. */
export interface ClockEnvironment extends Environment {
  readonly host: FakeHost;
}

export function clockEnvironment(): ClockEnvironment {
  const host = new FakeHost();
  return { host, connector: runtime.connector, deadlines: new Deadlines(host) };
}

type ErrorClass<E extends Error> = abstract new (...args: never[]) => E;

/** What a call throws or rejects with, which must be an instance of just this class. */
export async function failureOf<E extends Error>(
  call: PromiseLike<unknown> | (() => unknown),
  expected: ErrorClass<E>,
): Promise<E> {
  const error = await errorOf(call);
  if (error === null) throw new Error(`Expected ${expected.name}, but the call succeeded`);
  if (!(error instanceof expected))
    throw new Error(`Expected ${expected.name}, got ${String(error)}`, { cause: error });
  expect(error.constructor.name).toBe(expected.name);
  expect(error.message).not.toBe('');
  return error;
}

/** What a call throws or rejects with, whatever that is; `null` when it succeeds. */
export async function errorOf(call: PromiseLike<unknown> | (() => unknown)): Promise<unknown> {
  try {
    await (typeof call === 'function' ? call() : call);
    return null;
  } catch (error) {
    return error;
  }
}

/** Whether `promise` is settled when everything that can run has run. */
export async function isSettled(promise: PromiseLike<unknown>): Promise<boolean> {
  let settled = false;
  const note = () => {
    settled = true;
  };
  promise.then(note, note);
  for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setImmediate(resolve));
  return settled;
}
