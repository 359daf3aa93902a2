/** Cloudflare's runtime as a host: the platform of the web, under its own name. */
import type { Host } from '../host.js';
import { webHost } from '../web/host.js';

export const host: Host = webHost('workerd');
