// Assertions for every host: nothing here needs a runtime's own module.

/** A value as text, for messages and comparison. */
function shown(value) {
  if (value instanceof Uint8Array) return `octets ${[...value.subarray(0, 32)]} (${value.length})`;
  return typeof value === 'string' ? JSON.stringify(value) : (JSON.stringify(value) ?? String(value));
}

/** @throws Error unless both are the same as text. */
export function equal(actual, expected, what) {
  if (shown(actual) !== shown(expected)) throw new Error(`${what}: expected ${shown(expected)}, got ${shown(actual)}`);
}

/** @throws Error unless it holds. */
export function holds(condition, what) {
  if (!condition) throw new Error(what);
}

/** What `action` throws or rejects with. @throws Error if it does neither, or with another class. */
export async function failure(action, expected, what) {
  let value;
  try {
    value = await action();
  } catch (error) {
    if (error instanceof expected) return error;
    throw new Error(`${what}: expected ${expected.name}, got ${error?.name}: ${error?.message}`, { cause: error });
  }
  throw new Error(`${what}: expected ${expected.name}, got ${shown(value)}`);
}

/** Lower-case hex SHA-256. */
export async function sha256(octets) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', octets));
  return [...digest].map((octet) => octet.toString(16).padStart(2, '0')).join('');
}

/** `octets` octets that the server makes as well: neither constant nor of a short period. */
export function pattern(octets) {
  const made = new Uint8Array(octets);
  let state = 1;
  for (let i = 0; i < octets; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    made[i] = state >>> 24;
  }
  return made;
}
