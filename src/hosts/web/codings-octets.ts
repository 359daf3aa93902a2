/** The second module, as base64 of its octets: put here by the build (rollup.config.mjs). */
declare const CODINGS_WASM: string;

export const octets: string = CODINGS_WASM;
