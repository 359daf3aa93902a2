/** How a transport's sockets are made: what its network options mean, checked. Connects nothing. */
import { checkFields, type Duration, durationMs, own, typeNameOf } from './config.js';
import type { SocketSettings } from './hosts/socket.js';

/**
 * What TCP sockets are told once they are connected (httpx: `socket_options`, as far as hosts of JavaScript have them).
 * `null` and a missing name mean the default.
 */
export interface SocketOptions {
  /** Small writes leave at once, as httpx always has it (TCP_NODELAY): `true` by default. */
  readonly noDelay?: boolean | null | undefined;
  /** The system asks an idle peer now and then whether it is still there (SO_KEEPALIVE): `false` by default. */
  readonly keepAlive?: boolean | null | undefined;
  /** How long a peer must be idle to be asked, in milliseconds or with a unit, whole seconds: the system's own by default. */
  readonly keepAliveInitialDelay?: Duration | null | undefined;
}

const SOCKET_OPTIONS: Readonly<Record<keyof SocketOptions, true>> = {
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: true,
};

function flagOf(options: SocketOptions, name: 'noDelay' | 'keepAlive', otherwise: boolean): boolean {
  const given: unknown = own(options, name) ?? otherwise;
  if (typeof given === 'boolean') return given;
  throw new TypeError(`Cannot set socketOptions.${name}: expected true or false, got ${typeNameOf(given)}`);
}

/** @throws TypeError for unknown options and other types; RangeError for what is no duration. */
export function socketSettingsOf(options: SocketOptions | null | undefined): SocketSettings | null {
  if (options === null || options === undefined) return null;
  checkFields(options, Object.keys(SOCKET_OPTIONS), 'set socketOptions');
  return {
    noDelay: flagOf(options, 'noDelay', true),
    keepAlive: flagOf(options, 'keepAlive', false),
    keepAliveInitialDelayMs: durationMs(
      own(options, 'keepAliveInitialDelay') ?? null,
      'socketOptions.keepAliveInitialDelay',
    ),
  };
}

/** How a message shows what should have been text. */
function shownOf(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : typeNameOf(value);
}

/** Path of a Unix socket. @throws TypeError for what is none. */
export function udsOf(path: string | null | undefined): string | null {
  if (path === null || path === undefined) return null;
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) return path;
  throw new TypeError(`Cannot set uds: expected the path of a Unix socket, got ${shownOf(path)}`);
}

/** An IP address as WHATWG writes it, and an IPv6 address in any spelling, perhaps with its zone. */
function isAddress(text: string): boolean {
  const isIPv6 = text.includes(':');
  const bare = isIPv6 ? text.replace(/%[A-Za-z0-9._~-]+$/, '') : text;
  try {
    const { hostname } = new globalThis.URL(isIPv6 ? `http://[${bare}]/` : `http://${bare}/`);
    return isIPv6 || (hostname === text && /^[0-9.]+$/.test(text));
  } catch {
    return false;
  }
}

/** The address to connect from. @throws TypeError unless it is an IP address. */
export function localAddressOf(address: string | null | undefined): string | null {
  if (address === null || address === undefined) return null;
  if (typeof address === 'string' && isAddress(address)) return address;
  throw new TypeError(`Cannot set localAddress: expected an IP address of this host, got ${shownOf(address)}`);
}

/** How often a failed connect is tried again. @throws TypeError, RangeError unless it is a count. */
export function retriesOf(count: number | null | undefined): number {
  if (count === null || count === undefined) return 0;
  if (typeof count !== 'number') throw new TypeError(`Cannot set retries: expected a number, got ${typeNameOf(count)}`);
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw new RangeError(`Cannot set retries: expected an integer of at least 0, got ${count}`);
}

/** What every host does, said or not. */
const ANYWHERE: ReadonlySet<string> = new Set(['verify', 'http1']);

/** @throws TypeError for an option, of those named, that is given, unless it asks for what every host does */
export function refuseWhatHostCannot(options: object | undefined, cannot: readonly string[] | undefined): void {
  for (const name of cannot ?? []) {
    const given: unknown = own(options as Readonly<Record<string, unknown>> | undefined, name) ?? null;
    if (given === null || (given === true && ANYWHERE.has(name))) continue;
    throw new TypeError(`Cannot make a transport: this host cannot honour ${name}`);
  }
}
