/** What `httpx-wasm/polyfill` puts where something is absent, held to what is there: each does the same on the platform's own. */
import { describe, expect, test, vi } from 'vitest';
import { AbortController as OwnController, AbortSignal as OwnSignal } from '../src/polyfill/abort.js';
import { atob as ownAtob, btoa as ownBtoa } from '../src/polyfill/base64.js';
import { DOMException as OwnException } from '../src/polyfill/dom-exception.js';
import { install } from '../src/polyfill/install.js';
import { standIn, takeAway } from '../src/polyfill/shared-memory.js';

test('nothing is put where everything is there', async () => {
  const streams = [ReadableStream, WritableStream, TransformStream];
  const { installed } = await import('httpx-wasm/polyfill');
  expect(installed).toEqual([]);
  expect([ReadableStream, WritableStream, TransformStream]).toEqual(streams);
  expect([TextDecoder, URL, AbortController].every((value) => String(value).startsWith('class'))).toBe(true);
});

test('what stands in for shared memory is no instance of anything, and goes', () => {
  vi.stubGlobal('SharedArrayBuffer', undefined);
  Reflect.deleteProperty(globalThis, 'SharedArrayBuffer');
  try {
    standIn();
    const { get } = Object.getOwnPropertyDescriptor(SharedArrayBuffer.prototype, 'byteLength') ?? {};
    expect(() => get?.call(new ArrayBuffer(1))).toThrow(TypeError);
    takeAway();
    expect('SharedArrayBuffer' in globalThis).toBe(false);
  } finally {
    vi.unstubAllGlobals();
  }
  takeAway();
  expect('SharedArrayBuffer' in globalThis).toBe(true);
});

test('what belongs together is put there together, can be replaced, and is not enumerated', async () => {
  vi.stubGlobal('Ours', 'theirs');
  try {
    install({ Ours: 1 });
    expect(Reflect.get(globalThis, 'Ours')).toBe('theirs');
    install({ Ours: 1, AlsoOurs: 2 });
    const { installed } = await import('httpx-wasm/polyfill');
    expect(installed).toEqual(['Ours', 'AlsoOurs']);
    const descriptor = { writable: true, enumerable: false, configurable: true };
    expect(Object.getOwnPropertyDescriptor(globalThis, 'Ours')).toEqual({ value: 1, ...descriptor });
    expect(Object.getOwnPropertyDescriptor(globalThis, 'AlsoOurs')).toEqual({ value: 2, ...descriptor });
  } finally {
    Reflect.deleteProperty(globalThis, 'AlsoOurs');
    vi.unstubAllGlobals();
  }
});

const exceptionOf = (action: () => unknown): readonly unknown[] => {
  try {
    return ['value', action()];
  } catch (error) {
    const { name, code } = error as DOMException;
    return ['error', name, code];
  }
};

describe('base64', () => {
  const everyOctet = String.fromCharCode(...Array.from({ length: 256 }, (_, octet) => octet));

  test.each(['', 'a', 'ab', 'abc', everyOctet, everyOctet.repeat(100), 'ÿ', 'Ā', 'a😀'])('of %j', (text) => {
    expect(exceptionOf(() => ownBtoa(text))).toEqual(exceptionOf(() => btoa(text)));
    expect(exceptionOf(() => ownAtob(ownBtoa(text)))).toEqual(exceptionOf(() => atob(btoa(text))));
  });

  test.each([
    'YQ==',
    'YQ',
    ' Y\nQ =\t=',
    'YR==',
    'YWK=',
    'YQ=',
    'Y',
    'YQ===',
    '=',
    'YWJj=',
    'Y-_j',
    'YQ==YQ==',
    '\u00a0YQ==',
  ])('back from %j', (base64) => {
    expect(exceptionOf(() => ownAtob(base64))).toEqual(exceptionOf(() => atob(base64)));
  });
});

describe.each([
  ['the platform', AbortController, AbortSignal],
  ['the polyfill', OwnController as unknown as typeof AbortController, OwnSignal as unknown as typeof AbortSignal],
] as const)('a signal of %s', (_, Controller, Signal) => {
  test('tells its listeners once, in order, and has the reason', () => {
    const told: unknown[] = [];
    const controller = new Controller();
    const { signal } = controller;
    const listener = (event: Event): void => void told.push(event.type, signal.aborted, event.target === signal);
    signal.onabort = () => told.push('on');
    signal.addEventListener('abort', listener);
    signal.addEventListener('abort', listener);
    signal.addEventListener('abort', { handleEvent: () => void told.push('object') }, { once: true });
    signal.addEventListener('other', () => void told.push('other'));
    expect([signal.aborted, signal.reason]).toEqual([false, undefined]);
    const reason = new Error('enough');
    controller.abort(reason);
    controller.abort('again');
    expect(told).toEqual(['on', 'abort', true, true, 'object']);
    expect([signal.aborted, signal.reason]).toEqual([true, reason]);
    expect(() => signal.throwIfAborted()).toThrow(reason);
  });

  test('no longer tells who was removed, even by another listener', () => {
    const told: string[] = [];
    const controller = new Controller();
    const last = (): void => void told.push('last');
    const first = (): void => {
      told.push('first');
      controller.signal.removeEventListener('abort', last);
    };
    controller.signal.addEventListener('abort', first);
    controller.signal.addEventListener('abort', last);
    controller.abort();
    expect(told).toEqual(['first']);
  });

  test('has an AbortError for a reason where none is given', () => {
    const { reason } = Signal.abort();
    expect([reason.name, reason.code, reason instanceof Error]).toEqual(['AbortError', 20, true]);
    expect(Signal.abort(null).reason).toBe(null);
  });

  test('follows the first of many, and no other', () => {
    const [one, other] = [new Controller(), new Controller()];
    const any = Signal.any([one.signal, other.signal]);
    expect(any.aborted).toBe(false);
    other.abort('other');
    expect([any.aborted, any.reason]).toEqual([true, 'other']);
    one.abort('one');
    // Node.js 24.21.0 lets the last one win.
    if ((Signal as unknown) === OwnSignal) expect(any.reason).toBe('other');
    expect(Signal.any([new Controller().signal, other.signal]).reason).toBe('other');
    expect(Signal.any([]).aborted).toBe(false);
  });

  test('is made by a controller alone', () => {
    expect(() => Reflect.construct(Signal, [])).toThrow(TypeError);
  });
});

test('the signal of a timeout has a TimeoutError', () => {
  vi.useFakeTimers();
  try {
    const signal = OwnSignal.timeout(5);
    vi.advanceTimersByTime(4);
    expect(signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect([signal.aborted, (signal.reason as Error).name]).toEqual([true, 'TimeoutError']);
  } finally {
    vi.useRealTimers();
  }
});

test('what a listener throws is not thrown into abort, and the others are told', () => {
  const thrown: (() => void)[] = [];
  vi.stubGlobal('queueMicrotask', (run: () => void) => thrown.push(run));
  try {
    const controller = new OwnController();
    let told = 0;
    controller.signal.addEventListener('abort', () => {
      throw new Error('own');
    });
    controller.signal.addEventListener('abort', () => void told++);
    controller.abort();
    expect([told, thrown.length]).toEqual([1, 1]);
    expect(thrown[0]).toThrow('own');
  } finally {
    vi.unstubAllGlobals();
  }
});

test('a DOMException has name, message and code', () => {
  const own = new OwnException('said', 'AbortError');
  const { name, message, code } = new DOMException('said', 'AbortError');
  expect([own.name, own.message, own.code, own instanceof Error]).toEqual([name, message, code, true]);
  expect([new OwnException().name, new OwnException().message, new OwnException().code]).toEqual(['Error', '', 0]);
});
