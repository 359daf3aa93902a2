/** Errors that nobody caught, which would end the process: collected while `work` runs and settles, instead of vitest's failing the run. */
const EVENTS = ['uncaughtException', 'unhandledRejection'] as const;

type Listener = (...args: unknown[]) => void;

export async function strayErrorsOf(work: () => Promise<unknown>): Promise<unknown[]> {
  const strays: unknown[] = [];
  const note: Listener = (error) => void strays.push(error);
  const before = EVENTS.map((event) => process.listeners(event as 'exit') as unknown as Listener[]);
  for (const event of EVENTS) process.removeAllListeners(event).on(event, note);
  try {
    await work();
    for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
  } finally {
    EVENTS.forEach((event, index) => {
      process.removeAllListeners(event);
      for (const listener of before[index] as Listener[]) process.on(event, listener);
    });
  }
  return strays;
}
