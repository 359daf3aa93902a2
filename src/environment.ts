/** What a client stands on: host, connector and deadlines, so that a test can be all three. */

import { openConnector } from '#blocking';
import { host } from '#host';
import { connector } from '#sockets';
import { Deadlines } from './deadlines.js';
import type { Host } from './hosts/host.js';
import type { Connector } from './hosts/socket.js';

/** */
export interface Environment {
  readonly host: Host;
  readonly connector: Connector;
  readonly deadlines: Deadlines;
}

/** @internal The runtime we are on. */
export const runtime: Environment = { host, connector, deadlines: new Deadlines(host) };

/** @internal The runtime we are on, for who blocks his thread, and closes its connector after all that connects through it. */
export function blockingRuntime(): Environment {
  return { host, connector: openConnector(), deadlines: runtime.deadlines };
}
