/** Connects on Node.js for who blocks: what that takes is loaded with the first connect, which starts the worker as well. */
import { isThenable } from '../../flow.js';
import { Late } from '../../late.js';
import type { Address, Cancel, Connector } from '../socket.js';

const BLOCKING = new Late(() => import('./blocking.js'));

class BlockingConnector implements Connector {
  readonly blocking = true;
  #connector: Connector | null = null;

  /** @throws Error where the package's files are not to be had at once */
  #loaded(): Connector {
    if (this.#connector !== null) return this.#connector;
    const part = BLOCKING.load();
    if (isThenable(part)) {
      part.then(undefined, () => {});
      throw new Error('Cannot connect: who bundles an application must leave httpx-wasm out of the bundle (external)');
    }
    this.#connector = part.openConnector();
    return this.#connector;
  }

  connect(address: Address, cancel: Cancel): ReturnType<Connector['connect']> {
    return this.#loaded().connect(address, cancel);
  }

  pause(ms: number): void {
    this.#loaded().pause?.(ms);
  }

  close(): void {
    this.#connector?.close();
  }
}

/** A connector for one who blocks: its sockets live in this thread's worker. */
export function openConnector(): Connector {
  return new BlockingConnector();
}
