/**
 * From a host name to the addresses that may be connected to: the user's `resolve` or the system's resolver, then the
 * user's `allowAddress`. What it lets through is what is connected to: nothing is looked up again in between.
 */
import * as dns from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { ConnectError } from '../../exceptions.js';
import type { Address, Resolve } from '../socket.js';

/** An IP address and its family, as Node's resolver tells them. */
export interface Found {
  readonly address: string;
  readonly family: number;
}

/** A mistake or a decision of the user's: to repeat the request changes nothing. */
function refused(message: string, cause?: unknown): ConnectError {
  return new ConnectError(message, { phase: 'dns', retryable: false, cause });
}

async function resolved(host: string, resolve: Resolve): Promise<Found[]> {
  const answer: unknown = await resolve(host);
  const given = typeof answer === 'string' ? [answer] : answer;
  if (!Array.isArray(given))
    throw refused(`Cannot resolve ${host}: resolve() must answer with IP addresses, got ${String(answer)}`);
  const found = given.map((ip) => ({ address: String(ip), family: isIP(String(ip)) }));
  const wrong = found.find(({ family }) => family === 0);
  if (wrong !== undefined) {
    throw refused(
      `Cannot resolve ${host}: resolve() answered ${JSON.stringify(wrong.address)}, which is not an IP address`,
    );
  }
  if (found.length === 0) throw refused(`Cannot resolve ${host}: resolve() answered with no address`);
  return found;
}

/**
 * Those of `found` that `allowAddress` answers with `true` for. Anything but a boolean is a mistake, and allows nothing.
 * @throws ConnectError if none is left.
 */
export function allowedOf(
  found: readonly Found[],
  where: string,
  allowAddress: (ip: string) => unknown,
): readonly Found[] {
  const allowed = found.filter(({ address }) => {
    const answer = allowAddress(address);
    if (typeof answer === 'boolean') return answer;
    if (answer instanceof Promise) answer.catch(() => {});
    const got = answer instanceof Promise ? 'a promise' : String(answer);
    throw refused(`Cannot connect to ${where}: allowAddress must answer true or false at once, got ${got}`);
  });
  if (allowed.length > 0) return allowed;
  throw refused(`Cannot connect to ${where}: allowAddress refused ${found.map(({ address }) => address).join(', ')}`);
}

async function addressesOf({ host, resolve, allowAddress }: Address): Promise<readonly Found[]> {
  const found =
    resolve === null
      ? await dns.promises.lookup(host, { all: true, order: 'verbatim' })
      : await resolved(host, resolve);
  return allowAddress === null ? found : allowedOf(found, host, allowAddress);
}

/** A `lookup` for `net.connect`, which calls it with or without `all`. */
export function lookupFor(address: Address): LookupFunction {
  return (_host, options, callback) => {
    addressesOf(address).then(
      (found) => {
        const first = found[0] as Found;
        if (options.all === true) (callback as unknown as (e: null, all: readonly Found[]) => void)(null, found);
        else callback(null, first.address, first.family);
      },
      (error) => callback(error, '', 0),
    );
  };
}
