/**
 * From a host name to the addresses that may be connected to: the user's `resolve` or the system's resolver, then the
 * user's `allowAddress`. What it lets through is what is connected to: nothing is looked up again in between.
 */
import { isIP, type LookupFunction } from 'node:net';
import { allowedOf, type Found, refused, resolved } from '../addresses.js';
import type { Address } from '../socket.js';
import { namesModule } from './late-modules.js';

/** What the system's resolver says, in its order. */
export function lookedUp(host: string): Promise<readonly Found[]> {
  return namesModule().promises.lookup(host, { all: true, order: 'verbatim', family: 0, hints: 0 });
}

/** `family`: 4 or 6, from which alone the local address can connect; 0: from any. */
async function addressesOf({ host, resolve, allowAddress }: Address, family: number): Promise<readonly Found[]> {
  const all = await (resolve === null ? lookedUp(host) : resolved(host, resolve, isIP));
  const found = family === 0 ? all : all.filter((each) => each.family === family);
  if (found.length === 0) throw refused(`Cannot resolve ${host}: it has no address of the local address's family`);
  return allowAddress === null ? found : allowedOf(found, host, allowAddress);
}

/** A `lookup` for `net.connect`, which calls it with or without `all`. */
export function lookupFor(address: Address): LookupFunction {
  return (_host, options, callback) => {
    addressesOf(address, address.localAddress === null ? 0 : isIP(address.localAddress)).then(
      (found) => {
        const first = found[0] as Found;
        if (options.all === true) (callback as unknown as (e: null, all: readonly Found[]) => void)(null, found);
        else callback(null, first.address, first.family);
      },
      (error) => callback(error, '', 0),
    );
  };
}
