// The client over the host's own HTTP: TLS and HTTP's version are the host's, all that comes before is ours.
import './engine.mjs';
import './loaded.mjs';

import { Client } from 'httpx-wasm';
import { clientOf } from './client.mjs';
import { HostTransport } from './host-transport.mjs';

export const client = clientOf(() => new Client({ transport: new HostTransport() }));
