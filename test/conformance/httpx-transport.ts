/** The scripted transport of vectors/httpx: notes each request and its body, and answers with the next entry of its list. */
import { type Flow, wait } from '../../src/flow.js';
import * as httpx from '../../src/index.js';

/** One entry of the list. */
export interface Answer {
  readonly status?: number;
  readonly headers?: readonly (readonly [string, string])[];
  readonly chunks_b64?: readonly string[];
  readonly stream_error?: { readonly raise: string; readonly message: string };
  readonly raise?: string;
  readonly message?: string;
}

/** Who is told what happens. */
export interface Witness {
  event(line: string): void;
  /** `mount`: the name under which the transport is mounted; `null`: it is the client's own. */
  request(request: httpx.Request, body: Uint8Array, mount: string | null): void;
}

/** The list, and how far it is. */
export interface Script {
  readonly answers: readonly Answer[];
  /** The request is read before all else, as MockTransport does. */
  readonly reads: boolean;
  asked: number;
}

/** An error of that class of ours, or one for Python's. */
export function errorNamed(name: string, message: string): Error {
  const Named = (httpx as unknown as Record<string, new (message: string) => Error>)[name];
  return Named === undefined ? new Error(message) : new Named(message);
}

/** A flow, so that either kind of client can drive it. */
export class ScriptedTransport {
  readonly #script: Script;
  readonly #witness: Witness;
  readonly #mount: string | null;
  readonly #name: string;

  constructor(script: Script, witness: Witness, mount: string | null = null) {
    this.#script = script;
    this.#witness = witness;
    this.#mount = mount;
    this.#name = mount === null ? 'transport' : `transport[${mount}]`;
  }

  *flow(request: httpx.Request): Flow<httpx.Response> {
    const script = this.#script;
    if (script.reads) yield* request.readFlow(false);
    const reader = request.stream.open();
    const pieces: Uint8Array[] = [];
    for (;;) {
      const piece = yield* wait(reader.next());
      if (piece === null) break;
      pieces.push(piece);
    }
    this.#witness.event(`${this.#name} ${request.method} ${request.url}`);
    this.#witness.request(request, Buffer.concat(pieces), this.#mount);
    const number = script.asked++;
    const answer = script.answers[Math.min(number, script.answers.length - 1)] as Answer;
    if (answer.raise !== undefined) throw errorNamed(answer.raise, answer.message ?? '');
    const headers = (answer.headers ?? []).map(([name, value]) => [name, octetsOf(value)] as const);
    return new httpx.Response(answer.status ?? 200, { headers, stream: this.#stream(answer, number) });
  }

  /** The body of response `number`: says when reading begins, and when it is over. */
  #stream({ chunks_b64: chunks = [], stream_error: failure }: Answer, number: number): Iterable<Uint8Array> {
    const witness = this.#witness;
    let at = -1;
    let open = true;
    const close = (): void => {
      if (open) witness.event(`stream.close ${number}`);
      open = false;
    };
    const iterator: IterableIterator<Uint8Array> = {
      [Symbol.iterator]: () => iterator,
      next() {
        if (at++ < 0) witness.event(`stream.start ${number}`);
        const chunk = chunks[at];
        if (chunk !== undefined) return { done: false, value: new Uint8Array(Buffer.from(chunk, 'base64')) };
        close();
        if (failure !== undefined) throw errorNamed(failure.raise, failure.message);
        return { done: true, value: undefined };
      },
      return() {
        close();
        return { done: true, value: undefined };
      },
    };
    return iterator;
  }

  handleAsyncRequest(): never {
    throw new Error('The scripted transport is a flow');
  }

  handleRequest(): never {
    throw new Error('The scripted transport is a flow');
  }

  async aclose(): Promise<void> {
    this.close();
  }

  close(): void {
    this.#witness.event(`${this.#name}.close`);
  }
}

function octetsOf(latin1: string): Uint8Array {
  return Uint8Array.from(latin1, (octet) => octet.charCodeAt(0));
}
