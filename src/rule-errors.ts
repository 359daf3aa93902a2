/** A broken rule as a sentence, and as an error. The sentences come with the first that is broken: few programs see one. */
import { NONE } from '../assembly/abi.js';
import { RemoteProtocolError } from './exceptions.js';
import { Late } from './late.js';

const RULES = new Late(() => import('./rules.js'));

/**
 * The sentence for a broken rule (rules.ts). `octet` and `limit` are as in the ERROR record: NONE where there is none. Where the
 * sentences cannot be loaded it names the rule and says so: who reads a socket has nobody to throw to.
 */
export function describeRule(rule: number, octet: number = NONE, limit: number = NONE): string {
  try {
    return RULES.module.describeRule(rule, octet, limit);
  } catch (error) {
    return `Cannot go on: rule ${rule} was broken (${(error as Error).message})`;
  }
}

/** The error of a peer that broke a rule; the numbers as in the ERROR record. */
export function protocolError(rule: number, octet: number, limit: number): RemoteProtocolError {
  return new RemoteProtocolError(describeRule(rule, octet, limit));
}
