/**
 * Which addresses may be connected to: what the user's `resolve` answered, checked, and what the user's `allowAddress` lets
 * through. Looks nothing up.
 */
import { ConnectError } from '../exceptions.js';
import { isThenable } from '../flow.js';
import { connectError, messageOf } from './connect-error.js';
import type { MaybePromise, Resolve } from './socket.js';

/** An IP address and its family, 4 or 6. */
export interface Found {
  readonly address: string;
  readonly family: number;
}

/** A mistake or a decision of the user's: to repeat the request changes nothing. */
export function refused(message: string, cause?: unknown): ConnectError {
  return new ConnectError(message, { phase: 'dns', retryable: false, cause });
}

/**
 * The addresses that the user's `resolve` gives for a host, or a promise of them; `familyOf` tells 4, 6 or 0 (no IP address).
 * @throws ConnectError unless it is one IP address or more. One that `resolve` throws stays as it is, what DNS says is told as
 * ever, and all else is a mistake.
 */
export function resolved(
  host: string,
  resolve: Resolve,
  familyOf: (ip: string) => number,
): MaybePromise<readonly Found[]> {
  const failed = (error: unknown): never => {
    throw ofDns(error)
      ? connectError(host, 'dns', error)
      : refused(`Cannot resolve ${host}: resolve() failed: ${messageOf(error)}`, error);
  };
  let answer: unknown;
  try {
    answer = resolve(host);
  } catch (error) {
    return failed(error);
  }
  const read = (given: unknown): readonly Found[] => answered(host, given, familyOf);
  return isThenable(answer) ? Promise.resolve(answer).then(read, failed) : read(answer);
}

/** Node.js has codes such as ENOTFOUND for what DNS says, and others, with this beginning, for mistakes. */
function ofDns(error: unknown): boolean {
  const code: unknown = (error as { readonly code?: unknown } | null | undefined)?.code;
  return error instanceof ConnectError || (typeof code === 'string' && !code.startsWith('ERR_'));
}

/** The same for who blocks: a promise is refused. */
export function resolvedAtOnce(host: string, resolve: Resolve, familyOf: (ip: string) => number): readonly Found[] {
  const found = resolved(host, resolve, familyOf);
  if (!isThenable(found)) return found;
  found.then(undefined, () => {});
  throw refused(`Cannot resolve ${host}: resolve() answered with a promise, which a blocking call cannot wait for`);
}

function answered(host: string, answer: unknown, familyOf: (ip: string) => number): readonly Found[] {
  const given = typeof answer === 'string' ? [answer] : answer;
  if (!Array.isArray(given))
    throw refused(`Cannot resolve ${host}: resolve() must answer with IP addresses, got ${String(answer)}`);
  const found = given.map((ip) => ({ address: String(ip), family: familyOf(String(ip)) }));
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
 * @throws ConnectError if none is left, or if `allowAddress` throws.
 */
export function allowedOf(
  found: readonly Found[],
  where: string,
  allowAddress: (ip: string) => unknown,
): readonly Found[] {
  const allowed = found.filter(({ address }) => {
    const answer = answerOf(address, where, allowAddress);
    if (typeof answer === 'boolean') return answer;
    if (answer instanceof Promise) answer.catch(() => {});
    const got = answer instanceof Promise ? 'a promise' : String(answer);
    throw refused(`Cannot connect to ${where}: allowAddress must answer true or false at once, got ${got}`);
  });
  if (allowed.length > 0) return allowed;
  throw refused(`Cannot connect to ${where}: allowAddress refused ${found.map(({ address }) => address).join(', ')}`);
}

function answerOf(address: string, where: string, allowAddress: (ip: string) => unknown): unknown {
  try {
    return allowAddress(address);
  } catch (cause) {
    throw refused(`Cannot connect to ${where}: allowAddress failed: ${messageOf(cause)}`, cause);
  }
}
