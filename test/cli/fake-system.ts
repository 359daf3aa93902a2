/** The process for tests: what the program reads is given, what it writes is kept, terminals are terminals by word only. */
import { PassThrough, Readable, Writable } from 'node:stream';
import { execute } from '../../src/cli/program.js';
import type { InputStream, OutputStream, System } from '../../src/cli/system.js';

/** A stream that keeps what was written to it. */
export class KeptOutput extends Writable implements OutputStream {
  readonly isTTY: boolean;
  readonly columns: number;
  readonly #pieces: Buffer[] = [];
  /** Fails every write with this. */
  failure: NodeJS.ErrnoException | null = null;

  constructor(isTTY: boolean, columns = 100) {
    super();
    this.isTTY = isTTY;
    this.columns = columns;
  }

  override _write(piece: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    if (this.failure === null) this.#pieces.push(piece);
    done(this.failure);
  }

  get octets(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  get text(): string {
    return this.octets.toString('utf8');
  }
}

export interface FakeSystemOptions {
  readonly stdin?: string | Uint8Array | InputStream;
  readonly isTTY?: boolean;
  readonly now?: () => number;
}

/** A process whose streams can be looked at. */
export interface FakeSystem extends System {
  readonly stdout: KeptOutput;
  readonly stderr: KeptOutput;
  readonly stop: AbortController;
  /** What the program has done regularly. */
  readonly clocks: number;
  /** Lets it be done once more. */
  tick(): void;
}

export function fakeSystem({ stdin = '', isTTY = false, now = () => 0 }: FakeSystemOptions = {}): FakeSystem {
  const stop = new AbortController();
  const input = stdin instanceof Readable ? stdin : Readable.from([Buffer.from(stdin)]);
  const clocks = new Set<() => void>();
  return {
    get clocks() {
      return clocks.size;
    },
    tick: () => clocks.forEach((work) => void work()),
    every(_ms, work) {
      clocks.add(work);
      return () => void clocks.delete(work);
    },
    stdin: () => input as InputStream,
    stdout: new KeptOutput(isTTY),
    stderr: new KeptOutput(isTTY),
    signal: stop.signal,
    stop,
    now,
  };
}

/** A keyboard: `isTTY`, and what is written to it is typed. */
export function keyboard(): PassThrough & { isTTY: true; setRawMode(raw: boolean): void; rawModes: boolean[] } {
  const rawModes: boolean[] = [];
  const stream = new PassThrough();
  return Object.assign(stream, {
    isTTY: true as const,
    rawModes,
    setRawMode: (raw: boolean) => void rawModes.push(raw),
  });
}

/** How a run of the program ended. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly system: FakeSystem;
}

/** Runs the program in this process. */
export async function ran(words: readonly string[], options?: FakeSystemOptions | FakeSystem): Promise<Ran> {
  const system = options !== undefined && 'stop' in options ? options : fakeSystem(options);
  const code = await execute(words, system);
  return { code, stdout: system.stdout.text, stderr: system.stderr.text, system };
}
