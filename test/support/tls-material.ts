/** What TLS is set up with, for sockets without a client above them. */
import type { TlsMaterial } from '../../src/hosts/socket.js';

export function materialOf(given: Partial<TlsMaterial> = {}): TlsMaterial {
  const nothing = { ca: null, cert: null, key: null, password: null, pins: null, keyLogFile: null };
  return { ...nothing, minVersion: 'TLSv1.2', ...given };
}
