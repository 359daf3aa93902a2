/** What Cloudflare's runtime offers, as far as sockets.ts and core-module.ts use it. */
declare module 'cloudflare:sockets' {
  export interface WorkerSocket {
    readonly readable: ReadableStream<Uint8Array>;
    readonly writable: WritableStream<Uint8Array>;
    readonly opened: Promise<{ readonly remoteAddress?: string; readonly localAddress?: string }>;
    readonly closed: Promise<void>;
    close(): Promise<void>;
    startTls(options?: { readonly expectedServerHostname?: string }): WorkerSocket;
  }

  export function connect(
    address: { readonly hostname: string; readonly port: number },
    options: { readonly secureTransport: 'off' | 'on' | 'starttls'; readonly allowHalfOpen: boolean },
  ): WorkerSocket;
}

declare module '*.wasm' {
  const module: WebAssembly.Module;
  export default module;
}
