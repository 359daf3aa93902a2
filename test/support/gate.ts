/**
 * Something that has not happened until somebody says so, in whichever thread: a word of shared memory. A test opens a gate
 * and the server's thread goes on, though the test's thread may block right after; or a step opens it and a test waits.
 */
/// <reference lib="es2024.sharedmemory" />

/** What crosses to another thread of a gate; `new Gate(cell)` is the same gate there. */
export type GateCell = Int32Array<SharedArrayBuffer>;

const SHUT = 0;
const OPEN = 1;

export class Gate {
  readonly cell: GateCell;

  constructor(cell: GateCell = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))) {
    this.cell = cell;
  }

  get isOpen(): boolean {
    return Atomics.load(this.cell, 0) === OPEN;
  }

  /** Resolves when it is open. */
  get opened(): Promise<void> {
    const waiting = Atomics.waitAsync(this.cell, 0, SHUT);
    return waiting.async ? waiting.value.then(() => {}) : Promise.resolve();
  }

  open(): void {
    Atomics.store(this.cell, 0, OPEN);
    Atomics.notify(this.cell, 0);
  }
}

export function gate(): Gate {
  return new Gate();
}
