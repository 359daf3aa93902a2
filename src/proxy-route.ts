/**
 * What a transport does differently because of its proxy: whom it connects to, how it goes on from there, and how the head
 * of a request that the proxy forwards is written.
 *
 * Requests for http origins are forwarded by an HTTP proxy (RFC 9112 §3.2.2), over connections that all of them share: the
 * target of each names its origin. Everything else goes through a tunnel of its own.
 */
import { basicCredentials } from './basic-credentials.js';
import type { Limits } from './config.js';
import { ConnectHandshake, type ConnectRequest } from './connect-handshake.js';
import { type Field, fieldOf } from './fields.js';
import { Headers } from './headers.js';
import type { Host } from './hosts/host.js';
import type { Address, TlsSessions, TlsTarget } from './hosts/socket.js';
import type { Origin } from './origin.js';
import type { Proxy } from './proxy.js';
import { ProxyDigest } from './proxy-digest.js';
import { SocksHandshake, socksAddress } from './socks.js';
import { TlsSettings } from './tls.js';
import type { Route, Tunnel } from './tunnel.js';

const ALPN: readonly string[] = ['http/1.1'];
const HOST_LINE = /^host:[^\n]*\n/i;

/** Everything of an address that is the transport's. */
export type Direct = Omit<Address, 'host' | 'port' | 'tls'>;

/** The way of a transport's requests through its proxy. */
export class ProxyRoute {
  /** For messages. */
  readonly name: string;
  readonly proxy: Proxy;
  readonly #limits: Limits;
  readonly #direct: Direct;
  readonly #place: Proxy['place'];
  readonly #tls: TlsSettings | null;
  /** Sessions of TLS with the proxy. */
  readonly #sessions: TlsSessions = { session: null };
  /** All that an HTTP proxy is told with each request. */
  readonly #fields: readonly Field[];
  readonly #digest: ProxyDigest | null;

  /** @throws InvalidURL, TypeError, LocalProtocolError for a proxy that cannot be used */
  constructor(proxy: Proxy, direct: Direct, limits: Limits, host: Host, trustEnv: boolean) {
    this.name = proxy.name;
    this.proxy = proxy;
    this.#direct = direct;
    this.#limits = limits;
    this.#place = proxy.place;
    this.#tls = proxy.url.scheme === 'https' ? new TlsSettings(host, proxy.tls, null, trustEnv) : null;
    const { headers, basic, digest } = proxy;
    // Said now, and not with the first request.
    headers.block();
    this.#digest = digest === null ? null : new ProxyDigest(digest, host);
    const credentials = basic === null ? [] : [fieldOf('Proxy-Authorization', basicCredentials(...basic), null)];
    this.#fields = [...credentials, ...Headers.fieldsOf(headers)];
  }

  /** Whether requests for the origin are forwarded, rather than sent through a tunnel. */
  forwards(origin: Origin): boolean {
    return !origin.secure && !this.proxy.isSocks;
  }

  /** Who answers the proxy's challenges to requests that it forwards to the origin; `null`: nobody. */
  digestFor(origin: Origin): ProxyDigest | null {
    return this.forwards(origin) ? this.#digest : null;
  }

  /**
   * The field lines of a forwarded request: those for the proxy behind Host, unless the request has them itself.
   * `authorization`: octets of Proxy-Authorization.
   */
  forwardedBlock(headers: Headers, authorization: Uint8Array | null): string {
    const block = headers.block();
    const fields = authorization === null ? [] : [fieldOf('Proxy-Authorization', authorization, null)];
    const extra = [...fields, ...this.#fields].filter(({ lower }) => !headers.has(lower)).map(({ line }) => line);
    if (extra.length === 0) return block;
    const at = HOST_LINE.exec(block)?.[0].length ?? 0;
    return block.slice(0, at) + extra.join('') + block.slice(at);
  }

  /** How connections that forward come about. */
  forwarding(): Route {
    return { address: this.#address(), tunnel: null };
  }

  /** How connections to the origin come about, with `tls` inside. @throws LocalProtocolError for a host that SOCKS cannot name */
  tunnelTo(origin: Origin, tls: TlsTarget | null): Route {
    const tunnel = this.proxy.isSocks ? this.#socks(origin, tls) : this.#connect(origin, tls);
    return { address: this.#address(), tunnel };
  }

  #address(): Address {
    const { host, port } = this.#place;
    return { ...this.#direct, host, port, tls: this.#tls?.target(host, null, ALPN, this.#sessions) ?? null };
  }

  #socks({ host, port }: Origin, tls: TlsTarget | null): Tunnel {
    const address = socksAddress(host);
    const { basic, rawAuth } = this.proxy;
    const shown = basic === null ? null : [basic[0], '[secure]'];
    return {
      proxy: this.name,
      traced: { tcp: 'socks', tls: 'socks' },
      tls,
      ready: null,
      handshake: ({ where, connection }) =>
        new SocksHandshake(where, address, port, rawAuth, [
          ['socks.setup_socks5_connection', { stream: connection, host, port, auth: shown }],
        ]),
    };
  }

  #connect(origin: Origin, tls: TlsTarget | null): Tunnel {
    const authority = origin.key.slice(`${origin.scheme}://`.length);
    const isGiven = (lower: string): boolean => this.#fields.some((field) => field.lower === lower);
    const headers = Headers.fromFields(
      [
        ...(isGiven('host')
          ? this.#fields.filter(({ lower }) => lower === 'host')
          : [fieldOf('Host', authority, null)]),
        ...(isGiven('accept') ? [] : [fieldOf('Accept', '*/*', null)]),
        ...this.#fields.filter(({ lower }) => lower !== 'host'),
      ],
      null,
    );
    const digest = this.#digest;
    const request: ConnectRequest = { authority, headers, authenticator: digest, limits: this.#limits };
    return {
      proxy: this.name,
      traced: { tcp: 'connection', tls: 'proxy' },
      tls,
      ready: digest === null ? null : () => digest.ready(),
      handshake: ({ where, round }) => new ConnectHandshake(where, request, round === 0),
    };
  }
}
