/**
 * A `SharedArrayBuffer` for packages that ask, when they are loaded, how to tell whether something is one. Where the host has
 * none (pages that are not isolated, sandboxes) nothing is; and it is taken away again, so that nobody finds what cannot be made.
 */
class StandIn {
  get byteLength(): never {
    throw new TypeError('This host has no shared memory');
  }
}

/** Puts it there, if there is none. */
export function standIn(): void {
  if ('SharedArrayBuffer' in globalThis) return;
  Object.defineProperty(globalThis, 'SharedArrayBuffer', { value: StandIn, configurable: true });
}

/** Takes it away, if it is ours. */
export function takeAway(): void {
  const found: unknown = Reflect.get(globalThis, 'SharedArrayBuffer');
  if (found === StandIn) Reflect.deleteProperty(globalThis, 'SharedArrayBuffer');
}
