/**
 * Servers of HTTP/2, configured by what is written here: before an origin of the test's own (origin-thread.mjs), or around an
 * application of ours, and how each is told to begin anew while it is under load. Ports are the system's.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { leafCertificate, rootCertificate } from '../support/certificates.js';
import { PATH, PYTHON_PACKAGES } from './peers.js';

const run = promisify(execFile);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const LISTENING_WITHIN_MS = 30_000;
/** After that a server that was told to stop is killed. */
const STOPPED_WITHIN_MS = 5_000;
const LOG_CHARACTERS = 1_500;

/** What a configuration is made of. */
export interface Site {
  /** Where its files are; it has cert.pem, key.pem and both.pem. */
  readonly folder: string;
  readonly port: number;
  /** For whom it needs a second one. */
  readonly spare: number;
  readonly origin: number;
  /** The origin's port for HTTP/2. */
  readonly http2Origin: number;
}

export interface ReverseServer {
  readonly needs: readonly string[];
  /** Its configuration, by file name. */
  files(site: Site): Readonly<Record<string, string>>;
  command(site: Site): readonly [program: string, ...words: string[]];
  /** Tells it to begin anew: it says GOAWAY to whom it serves, and goes on with others. `null`: it cannot. */
  readonly reload: NodeJS.Signals | ((site: Site) => readonly [program: string, ...words: string[]]) | null;
}

const isRoot = process.getuid?.() === 0;
const MODULES = ['mpm_event', 'authz_core', 'socache_shmcb', 'ssl', 'http2', 'env', 'proxy', 'proxy_http'];

export const reverseServers = {
  nginx: {
    needs: ['nginx'],
    files: ({ folder, port, origin, http2Origin }) => ({
      'nginx.conf': `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log stderr warn;
events { worker_connections 1024; }
http {
  access_log off; client_max_body_size 0;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  server {
    listen 127.0.0.1:${port} ssl http2; ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;
    location / {
      proxy_pass http://127.0.0.1:${origin}; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off; proxy_request_buffering off;
    }
    location = /trailers { grpc_pass grpc://127.0.0.1:${http2Origin}; }
  }
}`,
    }),
    command: ({ folder }) => ['nginx', '-p', folder, '-c', `${folder}/nginx.conf`],
    reload: 'SIGHUP',
  },
  apache2: {
    needs: ['apache2'],
    files: ({ folder, port, origin }) => ({
      'apache2.conf': `ServerName localhost
PidFile ${folder}/apache2.pid
ErrorLog /dev/stderr
DefaultRuntimeDir ${folder}
${isRoot ? 'User www-data\nGroup www-data' : ''}
${MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
Listen 127.0.0.1:${port}
Protocols h2 http/1.1
H2EarlyHints on
SSLEngine on
SSLCertificateFile ${folder}/cert.pem
SSLCertificateKeyFile ${folder}/key.pem
SetEnv proxy-sendchunked 1
ProxyPass / http://127.0.0.1:${origin}/ flushpackets=on
`,
    }),
    command: ({ folder }) => ['apache2', '-f', `${folder}/apache2.conf`, '-DFOREGROUND'],
    reload: null,
  },
  h2o: {
    needs: ['h2o'],
    files: ({ folder, port, origin }) => ({
      'h2o.conf': `pid-file: ${folder}/h2o.pid
error-log: /dev/stderr
${isRoot ? 'user: root' : ''}
num-threads: 1
listen:
  host: 127.0.0.1
  port: ${port}
  ssl: {certificate-file: ${folder}/cert.pem, key-file: ${folder}/key.pem}
hosts:
  default:
    paths: {"/": {proxy.reverse.url: "http://127.0.0.1:${origin}/"}}
`,
    }),
    command: ({ folder }) => ['h2o', '-m', 'master', '-c', `${folder}/h2o.conf`],
    reload: 'SIGHUP',
  },
  caddy: {
    needs: ['caddy'],
    files: ({ folder, port, spare, origin }) => ({
      Caddyfile: `{
  admin 127.0.0.1:${spare}
  auto_https off
  storage file_system ${folder}/caddy
}
https://localhost:${port} {
  bind 127.0.0.1
  tls ${folder}/cert.pem ${folder}/key.pem
  respond /own "/own"
  reverse_proxy 127.0.0.1:${origin} {
    flush_interval -1
  }
}
`,
    }),
    command: ({ folder }) => ['caddy', 'run', '--adapter', 'caddyfile', '--config', `${folder}/Caddyfile`],
    reload: ({ folder, spare }) => [
      'caddy',
      ...['reload', '--force', '--adapter', 'caddyfile', '--config', `${folder}/Caddyfile`],
      ...['--address', `127.0.0.1:${spare}`],
    ],
  },
  haproxy: {
    needs: ['haproxy'],
    files: ({ folder, port, origin }) => ({
      'haproxy.cfg': `global
  maxconn 1000
  nbthread 1
defaults
  mode http
  timeout connect 10s
  timeout client 60s
  timeout server 60s
frontend tls
  bind 127.0.0.1:${port} ssl crt ${folder}/both.pem alpn h2,http/1.1
  default_backend origin
backend origin
  server one 127.0.0.1:${origin}
`,
    }),
    command: ({ folder }) => ['haproxy', '-W', '-f', `${folder}/haproxy.cfg`],
    reload: 'SIGUSR2',
  },
  nghttpx: {
    needs: ['nghttpx'],
    files: () => ({}),
    command: ({ folder, port, origin }) => [
      'nghttpx',
      ...['--conf=/dev/null', '--workers=1', `-f127.0.0.1,${port}`, `-b127.0.0.1,${origin}`],
      ...[`${folder}/key.pem`, `${folder}/cert.pem`],
    ],
    reload: 'SIGHUP',
  },
  nghttpd: {
    needs: ['nghttpd'],
    files: () => ({ trailers: 'hi' }),
    command: ({ folder, port }) => [
      'nghttpd',
      ...['-a', '127.0.0.1', '-d', folder, '--trailer', 'x-t: 1', `${port}`],
      ...[`${folder}/key.pem`, `${folder}/cert.pem`],
    ],
    reload: null,
  },
  hypercorn: {
    needs: [`${PYTHON_PACKAGES}/hypercorn`],
    files: () => ({ 'application.py': readFileSync(new URL('./application.py', import.meta.url), 'utf8') }),
    command: ({ folder, port }) => [
      '/usr/bin/python3',
      ...['-m', 'hypercorn', '--bind', `127.0.0.1:${port}`, 'application:app'],
      ...['--certfile', `${folder}/cert.pem`, '--keyfile', `${folder}/key.pem`],
    ],
    reload: null,
  },
} as const satisfies Readonly<Record<string, ReverseServer>>;

/** A server that runs, before its origin. */
export interface Running {
  readonly baseUrl: string;
  /** In PEM. */
  readonly ca: string;
  reload(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a server in a folder of its own below `parent`. @throws Error with the end of its log if it does not listen */
export async function startReverse(name: keyof typeof reverseServers, parent: string): Promise<Running> {
  const server: ReverseServer = reverseServers[name];
  const folder = join(parent, `reverse-${name}`);
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
  const root = await rootCertificate('interop');
  const { cert, key } = await leafCertificate(root, 'localhost', { dns: ['localhost'] });
  const origin = new Worker(new URL('./origin-thread.mjs', import.meta.url), { execArgv: [] });
  const [[originPort, http2Origin]] = (await once(origin, 'message')) as [[number, number]];
  const [port = 0, spare = 0] = await freePorts(2);
  const site: Site = { folder, port, spare, origin: originPort, http2Origin };
  const files = { 'cert.pem': cert, 'key.pem': key, 'both.pem': `${cert}\n${key}`, ...server.files(site) };
  for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content);
  const env = { ...process.env, PATH, HOME: folder };
  const [program, ...words] = server.command(site);
  const log = join(folder, 'log');
  const out = openSync(log, 'a');
  // A group of its own, so that what it begins ends with it.
  const child = spawn(program, words, { cwd: folder, env, stdio: ['ignore', out, out], detached: true });
  const stop = async () => {
    await stopped(child);
    origin.postMessage('close');
    await once(origin, 'exit');
  };
  try {
    await listens(port, child);
  } catch (error) {
    await stop();
    throw new Error(`Cannot start ${name}: ${readFileSync(log, 'utf8').slice(-LOG_CHARACTERS)}`, { cause: error });
  }
  return {
    baseUrl: `https://localhost:${port}`,
    ca: root.cert,
    async reload() {
      const { reload } = server;
      if (reload === null) throw new Error(`${name} cannot be told to begin anew`);
      if (typeof reload === 'string') child.kill(reload);
      else {
        const [command, ...rest] = reload(site);
        await run(command, rest, { env });
      }
    },
    stop,
  };
}

/** Ports that nobody listened at a moment ago. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

async function listens(port: number, child: ChildProcess): Promise<void> {
  const by = Date.now() + LISTENING_WITHIN_MS;
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const isThere = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (isThere) return;
    if (child.exitCode !== null) throw new Error(`it ended with code ${child.exitCode}`);
    if (Date.now() > by) throw new Error(`nobody listens at ${port}`);
    await pause(50);
  }
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const isEnded = await Promise.race([ended.then(() => true), pause(STOPPED_WITHIN_MS).then(() => false)]);
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
  if (!isEnded) await ended;
}
