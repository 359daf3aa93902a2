/**
 * SOCKS version 5 as a client (RFC 1928, RFC 1929): what is said to the proxy, and what it answers, without I/O. Names are
 * resolved by the proxy: they are sent as they are, never looked up here.
 *
 *   greeting ─► method ─┬────────────► request ─► reply ─► open
 *                       └─► password ──┘
 */
import { LocalProtocolError, ProxyError } from './exceptions.js';
import { ipOctets } from './ip-addresses.js';
import type { Handshake, HandshakeStep } from './tunnel.js';

const VERSION = 5;
const PASSWORD_VERSION = 1;
const NO_AUTHENTICATION = 0;
const PASSWORD = 2;
const NO_METHOD = 0xff;
const CONNECT = 1;
const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;
const HEAD_OCTETS = 4;
const PORT_OCTETS = 2;
/** Lengths are one octet. */
const LENGTH_MAX = 255;

/** What the replies of RFC 1928 §6 say; those that a later try may not meet. */
const REFUSALS: ReadonlyMap<number, string> = new Map([
  [1, 'General SOCKS server failure'],
  [2, 'Connection not allowed by ruleset'],
  [3, 'Network unreachable'],
  [4, 'Host unreachable'],
  [5, 'Connection refused'],
  [6, 'TTL expired'],
  [7, 'Command not supported'],
  [8, 'Address type not supported'],
]);
const PASSING: ReadonlySet<number> = new Set([1, 3, 4, 5, 6]);
const METHODS: ReadonlyMap<number, string> = new Map([
  [NO_AUTHENTICATION, 'no authentication'],
  [PASSWORD, 'user name and password'],
]);

/** User name and password, as octets. */
export type SocksCredentials = readonly [username: Uint8Array, password: Uint8Array];

/** Where the proxy shall connect to, as the request has it: type and address. */
export function socksAddress(host: string): Uint8Array {
  const ip = ipOctets(host);
  if (ip !== null) return Uint8Array.of(ip.length === 4 ? IPV4 : IPV6, ...ip);
  const name = new TextEncoder().encode(host);
  if (name.length > LENGTH_MAX) {
    throw new LocalProtocolError(
      `Cannot ask a SOCKS proxy for a host of ${name.length} octets: there may be ${LENGTH_MAX} (RFC 1928 §5)`,
    );
  }
  return Uint8Array.of(NAME, name.length, ...name);
}

/** One handshake. */
export class SocksHandshake implements Handshake {
  readonly steps: readonly HandshakeStep[];
  readonly answer = undefined;
  state: 'talking' | 'open' = 'talking';
  surplus = 0;
  readonly #where: string;
  readonly #address: Uint8Array;
  readonly #port: number;
  readonly #credentials: SocksCredentials | null;
  #awaits: 'method' | 'verdict' | 'reply' = 'method';
  /** What came of the message that is awaited. */
  #came: number[] = [];

  /** `where`: how messages begin; `address`: of `socksAddress`. */
  constructor(
    where: string,
    address: Uint8Array,
    port: number,
    credentials: SocksCredentials | null,
    steps: readonly HandshakeStep[],
  ) {
    this.#where = where;
    this.#address = address;
    this.#port = port;
    this.#credentials = credentials;
    this.steps = steps;
  }

  begin(): Uint8Array {
    if (this.#credentials === null) return Uint8Array.of(VERSION, 1, NO_AUTHENTICATION);
    return Uint8Array.of(VERSION, 2, NO_AUTHENTICATION, PASSWORD);
  }

  receive(bytes: Uint8Array, length: number): Uint8Array | null {
    let said: Uint8Array | null = null;
    let at = 0;
    while (at < length && this.state === 'talking') {
      // A peer that says two messages at once answers what it was not asked.
      if (said !== null) throw this.#error(`it sent ${length - at} octets before it was asked`);
      this.#came.push(bytes[at++] as number);
      said = this.#understand();
    }
    this.surplus = length - at;
    return said;
  }

  #understand(): Uint8Array | null {
    switch (this.#awaits) {
      case 'method':
        return this.#method();
      case 'verdict':
        return this.#verdict();
      default:
        this.#reply();
        return null;
    }
  }

  #method(): Uint8Array | null {
    const [version, method] = this.#came as [number, number?];
    this.#checkVersion(version);
    if (method === undefined) return null;
    this.#came = [];
    const credentials = this.#credentials;
    if (method === NO_AUTHENTICATION) return this.#request();
    if (method === PASSWORD && credentials !== null) {
      this.#awaits = 'verdict';
      const [username, password] = credentials;
      return Uint8Array.of(PASSWORD_VERSION, username.length, ...username, password.length, ...password);
    }
    const offered = credentials === null ? 'no authentication' : 'no authentication, or user name and password';
    const wanted = METHODS.get(method) ?? `method ${hex(method)}`;
    const chosen = method === NO_METHOD ? 'it accepts none of the methods offered' : `it chose ${wanted}`;
    throw this.#error(`${chosen} (offered: ${offered})`);
  }

  #verdict(): Uint8Array | null {
    const [version, status] = this.#came as [number, number?];
    if (version !== PASSWORD_VERSION) {
      throw this.#error(`it answered the password with version ${hex(version)}, not 0x01 (RFC 1929 §2)`);
    }
    if (status === undefined) return null;
    this.#came = [];
    if (status !== 0) throw this.#error('it refused the user name or the password');
    return this.#request();
  }

  #request(): Uint8Array {
    this.#awaits = 'reply';
    const port = this.#port;
    return Uint8Array.of(VERSION, CONNECT, 0, ...this.#address, port >> 8, port & 0xff);
  }

  /** Version, reply, reserved (whatever it holds), and an address that nobody needs. */
  #reply(): void {
    const [version, code, , type, length] = this.#came as [number, number?, number?, number?, number?];
    this.#checkVersion(version);
    if (code !== undefined && code !== 0) {
      const refusal = REFUSALS.get(code);
      const why = refusal === undefined ? `it answered with reply ${hex(code)}` : `it could not connect: ${refusal}`;
      throw this.#error(why, PASSING.has(code));
    }
    if (type === undefined) return;
    if (type !== IPV4 && type !== NAME && type !== IPV6) {
      throw this.#error(`it answered with address type ${hex(type)} (RFC 1928 §6)`);
    }
    const addressOctets = type === IPV4 ? 4 : type === IPV6 ? 16 : length === undefined ? null : 1 + length;
    if (addressOctets === null || this.#came.length < HEAD_OCTETS + addressOctets + PORT_OCTETS) return;
    this.#came = [];
    this.state = 'open';
  }

  #checkVersion(version: number): void {
    if (version === VERSION) return;
    throw this.#error(`it does not speak SOCKS version 5: its answer begins with ${hex(version)}`);
  }

  ended(): ProxyError {
    const doing = { method: 'the greeting', verdict: 'the password', reply: 'the request' }[this.#awaits];
    return this.#error(`it closed the connection before it had answered ${doing}`, true);
  }

  #error(why: string, retryable = false): ProxyError {
    return new ProxyError(`${this.#where}: ${why}`, { retryable });
  }

  free(): void {}
}

function hex(octet: number): string {
  return `0x${octet.toString(16).padStart(2, '0')}`;
}
