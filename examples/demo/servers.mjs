// Starts the demo's servers in another thread and asks them what they saw.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { createAuthority, createServerCertificate } from './certificates.mjs';

/** The next message of a kind. @throws if the thread ends first. */
function messageOf(worker, kind) {
  return new Promise((resolve, reject) => {
    const settle = (act) => {
      worker.off('message', onMessage);
      worker.off('exit', onExit);
      act();
    };
    const onMessage = (message) => {
      if (message.kind === kind) settle(() => resolve(message));
    };
    const onExit = (code) =>
      settle(() => reject(new Error(`Cannot hear the servers: their thread ended with code ${code}`)));
    worker.on('message', onMessage);
    worker.on('exit', onExit);
  });
}

/** `{ base, secureBase, authority, sockets(), close() }`: an HTTP and an HTTPS server, and who vouches for it. */
export async function startServers() {
  const authority = await createAuthority('httpx-wasm demo, thrown away on exit');
  const workerData = await createServerCertificate(authority, {
    names: ['localhost'],
    addresses: ['127.0.0.1', '::1'],
  });
  const worker = new Worker(new URL('./server-worker.mjs', import.meta.url), { workerData });
  const { plainPort, securePort } = await messageOf(worker, 'ready');
  return {
    base: `http://127.0.0.1:${plainPort}`,
    secureBase: `https://localhost:${securePort}`,
    authority: authority.cert,
    /** `{ open, most }`: connections open now, and the most there were at once. */
    sockets() {
      const answer = messageOf(worker, 'sockets');
      worker.postMessage({ kind: 'sockets' });
      return answer;
    },
    async close() {
      const exit = once(worker, 'exit');
      worker.postMessage({ kind: 'close' });
      await exit;
    },
  };
}
