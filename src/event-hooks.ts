/** The event hooks of a client: what is taken as such, and how they are kept. Who calls them is send.ts. */
import { checkFields, own, typeNameOf } from './config.js';
import { type ClientKind, EVENT_HOOKS, type EventHooks } from './options.js';

/** The hooks of a client: the lists may be changed and replaced. */
export interface Hooks<K extends ClientKind> {
  request: K['requestHook'][];
  response: K['responseHook'][];
}

/** Sealed: a list under another name would never be called. @throws TypeError for other names, and for what is no function. */
export function hooksOf<K extends ClientKind>(given: K['eventHooks'] | null | undefined): Hooks<K> {
  checkFields(given, EVENT_HOOKS, 'set event hooks');
  return Object.seal({
    request: hookListOf(own(given, 'request'), 'request'),
    response: hookListOf(own(given, 'response'), 'response'),
  });
}

/** The hooks of one event, as a list of their own. @throws TypeError unless they are a list of functions. */
function hookListOf<T>(hooks: readonly unknown[] | null | undefined, event: keyof EventHooks): T[] {
  if (hooks === undefined || hooks === null) return [];
  checkHooks(hooks, event);
  return [...hooks] as T[];
}

/** @throws TypeError unless `hooks` is a list of functions. */
export function checkHooks(hooks: readonly unknown[], event: keyof EventHooks): void {
  if (!Array.isArray(hooks)) {
    throw new TypeError(`Cannot set event hooks: expected a list of functions as '${event}', got ${typeNameOf(hooks)}`);
  }
  for (const hook of hooks) {
    if (typeof hook !== 'function') {
      throw new TypeError(`Cannot set event hooks: expected functions in '${event}', got ${typeNameOf(hook)}`);
    }
  }
}
