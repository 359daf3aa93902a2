/** What was asked for does not exist: told without a stack. */
export class UsageError extends Error {
  name = 'UsageError';
}
