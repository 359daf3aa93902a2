/** What wasm/script.mjs makes. */
declare module '*.script.js' {
  export const instantiate: import('../core-module.js').ScriptModule;
}
