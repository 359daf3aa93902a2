/** Puts values into the global object, where they are absent. */

/** Names of what was put there, in order. */
export const installed: string[] = [];

/**
 * Defines each of `values` as a global, unless all of them are there. They are put there together, since they know each other:
 * a host's own `ReadableStream` cannot be piped through a `TransformStream` of ours.
 */
export function install(values: Readonly<Record<string, unknown>>): void {
  const names = Object.keys(values);
  if (names.every((name) => name in globalThis)) return;
  // As the platform does it: they can be replaced, and are not enumerated.
  installed.push(...names);
  for (const name of names) {
    Object.defineProperty(globalThis, name, {
      value: values[name],
      writable: true,
      enumerable: false,
      configurable: true,
    });
  }
}
