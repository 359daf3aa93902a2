/** What is known of a request whose time is up, whoever sent it. */
import { TotalTimeout } from '../exceptions.js';
import type { Request } from '../request.js';

/** Methods that do twice what they do once (RFC 9110 §9.2.2). */
export const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY']);

/**
 * Says of a total time that was up before a first answer how far the request came, where no transport of ours was at work.
 * `asked`: one of the user's was, and what it did about the request is not known.
 */
export function describeTotal(error: unknown, request: Request, asked: boolean): void {
  // Who has a request, or a phase, was described where more was known.
  if (!(error instanceof TotalTimeout) || error.hasRequest || error.phase !== null || error.sent !== 'full') return;
  if (!asked) error.sent = 'none';
  error.retryable = request.isReplayable && (!asked || IDEMPOTENT.has(request.method));
}
