/** One fault, many calls that fail by it: each gets an error of its own. */
import { TimeoutException, type TransportError } from './exceptions.js';

/** An error of the same kind and message, whose cause the fault is. */
export function ownOf(fault: TransportError): TransportError {
  const { code, phase, sent, retryable } = fault;
  const kind = fault.constructor as typeof TransportError;
  const own = new kind(fault.message, { cause: fault, code, phase, sent, retryable });
  return own instanceof TimeoutException && !fault.hasRequest ? own.namingRequest() : own;
}
