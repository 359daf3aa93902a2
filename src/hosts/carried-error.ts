/**
 * Errors on their way between threads. Structured clone would keep class and message and lose `code`, `errno`, `address`
 * and the like; so an error is taken apart here and made anew there, its causes and an AggregateError's members with it.
 */
import {
  CloseError,
  ConnectError,
  LoadError,
  type Phase,
  ReadError,
  TransportError,
  WriteError,
} from '../exceptions.js';

/** Causes of causes, and members of members, that are carried. */
const DEPTH_MAX = 8;
/** Members of one AggregateError that are carried. */
const MEMBERS_MAX = 32;

type Primitive = string | number | boolean | null;

/** An error as data. */
export interface CarriedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | null;
  /** Own properties that are primitive: `code`, `errno`, `syscall`, `address`, `port`, `reason`, … */
  readonly properties: readonly (readonly [name: string, value: Primitive])[];
  /** Of ours: what cannot be set afterwards. */
  readonly transport: { readonly phase: Phase | null; readonly retryable: boolean } | null;
  readonly cause: CarriedError | null;
  /** Of an AggregateError. */
  readonly errors: readonly CarriedError[] | null;
}

type Errors = new (message: string, options?: ErrorOptions) => Error;
const BUILT_IN: readonly Errors[] = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];
/** Classes without fields of their own. */
const PLAIN: ReadonlyMap<string, Errors> = new Map<string, Errors>(
  [...BUILT_IN, LoadError].map((each) => [each.name, each]),
);
const OURS: ReadonlyMap<string, typeof TransportError> = new Map<string, typeof TransportError>(
  [ConnectError, ReadError, WriteError, CloseError, TransportError].map((each) => [each.name, each]),
);
/** What is carried in fields of its own. */
const APART: ReadonlySet<string> = new Set([
  'name',
  'message',
  'stack',
  'cause',
  'errors',
  'phase',
  'sent',
  'retryable',
]);

function isPrimitive(value: unknown): value is Primitive {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

/** An error, or whatever else was thrown, as data. */
export function carried(error: unknown, depth = 0): CarriedError {
  if (!(error instanceof Error)) {
    const message = String(error);
    return { name: 'Error', message, stack: null, properties: [], transport: null, cause: null, errors: null };
  }
  const isOurs = error instanceof TransportError;
  const properties = Object.entries(error as unknown as Record<string, unknown>).filter(
    (entry): entry is [string, Primitive] => isPrimitive(entry[1]) && !APART.has(entry[0]),
  );
  const { cause } = error;
  const members = error instanceof AggregateError ? error.errors.slice(0, MEMBERS_MAX) : null;
  const deeper = depth < DEPTH_MAX;
  return {
    name: isOurs && !OURS.has(error.name) ? TransportError.name : error.name,
    message: error.message,
    stack: typeof error.stack === 'string' ? error.stack : null,
    properties: isOurs ? [] : properties,
    transport: isOurs ? { phase: error.phase, retryable: error.retryable } : null,
    cause: deeper && cause !== undefined && cause !== null ? carried(cause, depth + 1) : null,
    errors: deeper && members !== null ? members.map((each) => carried(each, depth + 1)) : null,
  };
}

/** The error again, of the class it had. Errors of ours have the stack of who hears of them, others the one they came with. */
export function rebuilt(data: CarriedError): Error {
  const options = data.cause === null ? undefined : { cause: rebuilt(data.cause) };
  const { transport } = data;
  const Ours = transport === null ? undefined : OURS.get(data.name);
  if (transport !== null && Ours !== undefined) return new Ours(data.message, { ...options, ...transport });
  const Class = PLAIN.get(data.name) ?? Error;
  const error =
    data.errors === null
      ? new Class(data.message, options)
      : new AggregateError(data.errors.map(rebuilt), data.message, options);
  if (error.name !== data.name) define(error, 'name', data.name, false);
  for (const [name, value] of data.properties) define(error, name, value, true);
  if (data.stack !== null) define(error, 'stack', data.stack, false);
  return error;
}

function define(error: Error, name: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(error, name, { value, enumerable, configurable: true, writable: true });
}
