/**
 * The frames of who awaits a call, for the stack of its error: that arises where the network is heard, with none of them. They
 * are V8's to tell; elsewhere a stack stays as it is.
 */

/** Errors that have theirs. */
const traced = new WeakSet<Error>();

/** A frame that is neither of the runtime's queue nor of the functions below. */
const CALLER_FRAME = /^ {4}at (?!.*(?:\(node:internal\/|CallerFrames|runMicrotasks))/;

function addCallerFrames(error: Error): void {
  const { captureStackTrace } = Error as { captureStackTrace?: (target: object) => void };
  if (captureStackTrace === undefined) return;
  const here: { stack?: unknown } = {};
  captureStackTrace(here);
  if (typeof here.stack !== 'string' || typeof error.stack !== 'string') return;
  const frames = here.stack.split('\n').filter((line) => CALLER_FRAME.test(line));
  if (frames.length > 0) error.stack = `${error.stack}\n${frames.join('\n')}`;
}

/** Rejects with the error, the async frames of who awaits the promise added to its stack, once. */
export async function withCallerFrames(error: Error): Promise<never> {
  // Two turns of the queue: then the caller's promise follows this one, and the engine finds who awaits it.
  await null;
  await null;
  if (!traced.has(error)) {
    traced.add(error);
    try {
      addCallerFrames(error);
    } catch {
      // A stack that the application shapes in its own way stays as it is.
    }
  }
  throw error;
}
