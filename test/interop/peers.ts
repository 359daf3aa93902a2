/**
 * The real servers of `../shared/interop`: where each listens on 127.0.0.1, and what must be installed to start it. What they
 * serve and do is told in INTEROP.md there; their certificates are good for `localhost`.
 */
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { sharedFolder } from '../support/shared.js';

interface Peer {
  /** A program, or an absolute path, that must be there. */
  readonly needs: readonly string[];
  readonly ports: Readonly<Record<string, number>>;
}

export const PYTHON_PACKAGES = '/usr/lib/python3/dist-packages';

/** `plain` is HTTP/1.1 without TLS, `tls` with it; `reverse` passes on to a server of the test's at 127.0.0.1:9100. */
export const peers = {
  nginx: { needs: ['nginx'], ports: { plain: 27101, tls: 27102, reverse: 27103, mutualTls: 27104 } },
  apache2: { needs: ['apache2'], ports: { plain: 27111, tls: 27112, reverse: 27113, proxy: 27114 } },
  h2o: { needs: ['h2o'], ports: { plain: 27121, tls: 27122, reverse: 27123 } },
  haproxy: { needs: ['haproxy'], ports: { plain: 27131, tls: 27132, reverse: 27133 } },
  caddy: { needs: ['caddy'], ports: { plain: 27141, tls: 27142, reverse: 27143 } },
  lighttpd: { needs: ['lighttpd'], ports: { plain: 27151, tls: 27152, reverse: 27153 } },
  varnish: { needs: ['varnishd'], ports: { reverse: 27154 } },
  squid: { needs: ['squid'], ports: { basic: 27161, https: 27162, open: 27163 } },
  'squid-digest': { needs: ['squid'], ports: { digest: 27164 } },
  tinyproxy: { needs: ['tinyproxy'], ports: { basic: 27165, open: 27166 } },
  microsocks: { needs: ['microsocks'], ports: { password: 27168, open: 27169 } },
  danted: { needs: ['danted'], ports: { open: 27170 } },
  nghttpd: { needs: ['nghttpd'], ports: { h2c: 27171, tls: 27172 } },
  /** It passes on to nginx, which must be started too. */
  nghttpx: { needs: ['nghttpx'], ports: { tls: 27173 } },
  hypercorn: { needs: [`${PYTHON_PACKAGES}/hypercorn`], ports: { plain: 27191, tls: 27192 } },
  httpbin: { needs: ['gunicorn', `${PYTHON_PACKAGES}/httpbin`], ports: { plain: 27201, tls: 27202 } },
  ws: { needs: [join(process.cwd(), 'node_modules/ws')], ports: { plain: 27401 } },
  wsproto: { needs: [`${PYTHON_PACKAGES}/wsproto`], ports: { plain: 27402 } },
  'node-h2': { needs: [], ports: { tls: 27403 } },
  'bad-tls': {
    needs: ['openssl'],
    ports: { expired: 27410, wronghost: 27411, cnonly: 27412, ipindns: 27413, selfsigned: 27414 },
  },
} as const satisfies Readonly<Record<string, Peer>>;

export type PeerName = keyof typeof peers;

/** The scripts that start and stop servers. */
export const scripts: string = join(sharedFolder, 'interop');

/** Where programs are looked for: servers of Debian are below sbin, which is not on everybody's path. */
export const PATH: string = [process.env.PATH ?? '', '/usr/sbin', '/sbin'].join(delimiter);

function isInstalled(needed: string): boolean {
  if (isAbsolute(needed)) return existsSync(needed);
  return PATH.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, needed), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Which of these programs are not installed here, as a title says it; `null`: none. */
export function absenceOfPrograms(needs: readonly string[]): string | null {
  const missing = needs.filter((needed) => !isInstalled(needed));
  return missing.length === 0 ? null : `(skipped: not installed: ${missing.join(', ')})`;
}

/** Why these servers cannot be started here, as a title says it; `null`: they can. */
export function absenceOf(names: readonly PeerName[]): string | null {
  if (!existsSync(join(scripts, 'start.sh'))) return '(skipped: ../shared/interop is absent)';
  const missing = names.filter((name) => !peers[name].needs.every(isInstalled));
  return missing.length === 0 ? null : `(skipped: not installed: ${missing.join(', ')})`;
}
