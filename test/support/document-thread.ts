/** The thread of the documents' servers, apart from the test's: blocks of the documents may block. */
import { parentPort, workerData } from 'node:worker_threads';
import { openDocumentProxies } from './document-proxies.js';
import { openDocumentServers } from './document-servers.js';

Promise.all([openDocumentServers(workerData as Parameters<typeof openDocumentServers>[0]), openDocumentProxies()]).then(
  ([ports, proxies]) => parentPort?.postMessage({ ...ports, ...proxies }),
  (error: unknown) => {
    throw error;
  },
);
