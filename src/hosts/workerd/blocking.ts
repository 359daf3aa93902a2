/** A worker's thread may not block: `Atomics.wait` throws. */
export { openConnector } from '../web/blocking.js';
