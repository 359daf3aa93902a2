/** Servers of node:http2 in threads of their own (http2-server.mjs), closed when the test ends. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { onTestFinished } from 'vitest';

/** What the server saw. */
export interface Http2Facts {
  /** Connections that were made, and those open. */
  readonly sessions: number;
  readonly open: number;
  readonly streams: number;
  /** Those that it has not forgotten: from Node.js 22 on it counts them against its limit, reset or not. */
  readonly streamsOpen: number;
  /** Streams that were open at a time on one connection. */
  readonly mostAtOnce: number;
  /** Codes of GOAWAY that came. */
  readonly goaways: readonly number[];
  /** Connections that the client ended in order, and how others broke. */
  readonly ends: number;
  readonly breaks: readonly string[];
}

export interface Http2Server {
  readonly port: number;
  facts(): Promise<Http2Facts>;
}

/** `settings`: as node:http2 names them; `tls`: over TLS, with that certificate. */
export async function openHttp2Server(
  settings: { readonly maxConcurrentStreams?: number; readonly initialWindowSize?: number } = {},
  tls: { readonly cert: string; readonly key: string; readonly allowHTTP1?: boolean } | null = null,
): Promise<Http2Server> {
  const url = new URL('./http2-server.mjs', import.meta.url);
  const worker = new Worker(url, { workerData: { settings, tls }, execArgv: [] });
  const answered = async () => (await once(worker, 'message'))[0];
  onTestFinished(async () => {
    const ended = once(worker, 'exit');
    worker.postMessage('close');
    await ended;
  });
  const port = (await answered()) as number;
  return {
    port,
    facts() {
      worker.postMessage('facts');
      return answered();
    },
  };
}
