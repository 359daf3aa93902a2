/** The thread of the documents' servers, apart from the test's: blocks of the documents may block. */
import { parentPort, workerData } from 'node:worker_threads';
import { openDocumentServers } from './document-servers.js';

openDocumentServers(workerData as Parameters<typeof openDocumentServers>[0]).then(
  (ports) => parentPort?.postMessage(ports),
  (error: unknown) => {
    throw error;
  },
);
