/** The package's version, as `package.json` has it (a test holds them together). */
export const VERSION = '0.1.0';

/** What a client calls itself, unless it is told otherwise. */
export const USER_AGENT: string = `httpx-wasm/${VERSION}`;
