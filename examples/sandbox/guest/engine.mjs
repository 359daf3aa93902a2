// What the package takes for granted and the engine lacks; imported before anything else of the package. Between calls
// nothing runs here, so that no timer could fire: who blocks keeps his deadlines himself.
import 'httpx-wasm/polyfill';

globalThis.setTimeout = () => 0;
globalThis.clearTimeout = () => {};
