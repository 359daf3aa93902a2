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
import { isThenable } from './flow.js';
import { Headers } from './headers.js';
import { allowedOf, type Found, resolved, resolvedAtOnce } from './hosts/addresses.js';
import type { Host } from './hosts/host.js';
import type { Address, TlsSessions, TlsTarget } from './hosts/socket.js';
import { ipOctets } from './ip-addresses.js';
import type { Origin } from './origin.js';
import type { Proxy } from './proxy.js';
import { ProxyDigest } from './proxy-digest.js';
import { SocksHandshake, socksAddress } from './socks.js';
import { TlsSettings } from './tls-material.js';
import type { Route, Tunnel } from './tunnel.js';
import * as passage from './tunnel-passage.js';

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

  /**
   * Whether requests for the origin are forwarded, rather than sent through a tunnel: not where the address that the proxy
   * connects to is decided here.
   */
  forwards({ secure, host }: Origin): boolean {
    if (secure || this.proxy.isSocks) return false;
    return this.#direct.allowAddress === null || this.#direct.resolve === null || ipOctets(host) !== null;
  }

  /** @throws ConnectError if `allowAddress` refuses the address that the proxy would be asked for */
  checkForwarded({ host }: Origin): void {
    const { allowAddress } = this.#direct;
    const found = foundOf(host);
    if (allowAddress !== null && found.length > 0) allowedOf(found, host, allowAddress);
  }

  /**
   * The address that the proxy shall connect to, where `allowAddress` guards connections and it can be known: it is the host,
   * or `resolve` gives it. Names are never looked up here: that is the proxy's business, and none of this machine's DNS.
   */
  #pinOf(host: string): Tunnel['pin'] {
    const { allowAddress, resolve } = this.#direct;
    const literal = foundOf(host);
    if (allowAddress === null || (literal.length === 0 && resolve === null)) return null;
    const allowed = (found: readonly Found[]): string => (allowedOf(found, host, allowAddress)[0] as Found).address;
    if (literal.length > 0 || resolve === null) return () => allowed(literal);
    return (blocking) => {
      const found = (blocking ? resolvedAtOnce : resolved)(host, resolve, familyOf);
      return isThenable(found) ? found.then(allowed) : allowed(found);
    };
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

  #socks({ host, port, authority }: Origin, tls: TlsTarget | null): Tunnel {
    const address = socksAddress(host);
    const pin = this.#pinOf(host);
    const { basic, rawAuth } = this.proxy;
    const shown = basic === null ? null : [basic[0], '[secure]'];
    return {
      proxy: this.name,
      peer: authority,
      traced: { tcp: 'socks', tls: 'socks' },
      tls,
      pin,
      ready: null,
      passage,
      handshake: ({ where, connection, address: pinned }) =>
        new SocksHandshake(where, pinned === null ? address : socksAddress(pinned), port, rawAuth, [
          ['socks.setup_socks5_connection', { stream: connection, host, port, auth: shown }],
        ]),
    };
  }

  #connect(origin: Origin, tls: TlsTarget | null): Tunnel {
    const digest = this.#digest;
    return {
      proxy: this.name,
      peer: origin.authority,
      traced: { tcp: 'connection', tls: 'proxy' },
      tls,
      pin: this.#pinOf(origin.host),
      ready: digest === null ? null : (blocking) => digest.ready(blocking),
      passage,
      handshake: ({ where, round, address }) =>
        new ConnectHandshake(where, this.#connectRequest(address ?? origin.host, origin.port), round === 0),
    };
  }

  #connectRequest(host: string, port: number): ConnectRequest {
    const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    const isGiven = (lower: string): boolean => this.#fields.some((field) => field.lower === lower);
    const hosts = this.#fields.filter(({ lower }) => lower === 'host');
    const fields = [
      ...(hosts.length > 0 ? hosts : [fieldOf('Host', authority, null)]),
      ...(isGiven('accept') ? [] : [fieldOf('Accept', '*/*', null)]),
      ...this.#fields.filter(({ lower }) => lower !== 'host'),
    ];
    const headers = Headers.fromFields(fields, null);
    return { authority, headers, authenticator: this.#digest, limits: this.#limits };
  }
}

/** 4 or 6; 0: no IP address. */
function familyOf(host: string): number {
  const octets = ipOctets(host);
  return octets === null ? 0 : octets.length === 4 ? 4 : 6;
}

/** A host that is an address, as one that was found; none for a name. */
function foundOf(host: string): readonly Found[] {
  const family = familyOf(host);
  return family === 0 ? [] : [{ address: host, family }];
}
