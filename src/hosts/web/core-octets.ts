/** The first module, as base64 of its octets: put here by the build (rollup.config.mjs). */
declare const CORE_WASM: string;

export const octets: string = CORE_WASM;
