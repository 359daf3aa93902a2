/** Errors that cross threads are, afterwards, what they were. */
import { expect, test } from 'vitest';
import {
  CloseError,
  ConnectError,
  LoadError,
  PoolTimeout,
  ReadError,
  TransportError,
  WriteError,
} from '../../src/exceptions.js';
import { carried, rebuilt } from '../../src/hosts/carried-error.js';

/** The way through a message port. */
function crossed(error: unknown): Error {
  return rebuilt(structuredClone(carried(error)));
}

function systemError(message: string, properties: object): Error {
  return Object.assign(new Error(message), properties);
}

const REFUSED = { errno: -111, code: 'ECONNREFUSED', syscall: 'connect', address: '127.0.0.1', port: 1 };

test.each([ConnectError, ReadError, WriteError, CloseError, TransportError])(
  '$name keeps class and fields',
  (Class) => {
    const cause = systemError('connect ECONNREFUSED 127.0.0.1:1', REFUSED);
    const before = new Class('Cannot do it', { phase: 'tls', retryable: false, cause });
    const after = crossed(before) as TransportError;
    expect(after.constructor).toBe(Class);
    expect(after).toMatchObject({ name: before.name, message: 'Cannot do it', code: before.code });
    expect([after.phase, after.retryable, after.sent]).toEqual(['tls', false, before.sent]);
    expect(after.cause).toMatchObject({ message: cause.message, ...REFUSED });
    expect((after.cause as Error).stack).toBe(cause.stack);
  },
);

test('an AggregateError keeps its members', () => {
  const members = [systemError('a', REFUSED), systemError('b', { code: 'ENETUNREACH' })];
  const after = crossed(Object.assign(new AggregateError(members, ''), { code: 'ECONNREFUSED' }));
  expect(after).toBeInstanceOf(AggregateError);
  expect((after as AggregateError).errors).toMatchObject([
    { message: 'a', ...REFUSED },
    { message: 'b', code: 'ENETUNREACH' },
  ]);
  expect(after).toMatchObject({ code: 'ECONNREFUSED' });
});

test.each([TypeError, RangeError, SyntaxError])('$name of the runtime stays what it is', (Class) => {
  const after = crossed(new Class('no'));
  expect(after.constructor).toBe(Class);
});

test('a LoadError stays what it is, with its cause', () => {
  const after = crossed(new LoadError('Cannot load it', { cause: systemError('no', { code: 'MODULE_NOT_FOUND' }) }));
  expect(after.constructor).toBe(LoadError);
  expect(after).toMatchObject({ name: 'LoadError', message: 'Cannot load it', code: 'ERR_LOAD' });
  expect(after.cause).toMatchObject({ message: 'no', code: 'MODULE_NOT_FOUND' });
});

test('an error of a class that is not known keeps its name', () => {
  class StrangeError extends Error {
    override readonly name = 'StrangeError';
  }
  expect(crossed(new StrangeError('odd'))).toMatchObject({ name: 'StrangeError', message: 'odd' });
  expect(crossed(new PoolTimeout('late')).constructor).toBe(TransportError);
});

test('what cannot be cloned stays behind', () => {
  const after = crossed(systemError('x', { code: 'E', socket: { on() {} }, again: () => 1, at: Symbol('s') }));
  expect(Object.keys(after)).toEqual(['code']);
});

test('what is no error becomes one that says it', () => {
  expect(crossed('a string')).toMatchObject({ name: 'Error', message: 'a string' });
  expect(crossed(undefined).message).toBe('undefined');
});

test('a circle of causes ends', () => {
  const error = new Error('round');
  error.cause = error;
  let depth = 0;
  for (let each: unknown = crossed(error); each instanceof Error; each = each.cause) depth++;
  expect(depth).toBeLessThan(20);
});
