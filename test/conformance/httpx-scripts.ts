/** Hooks and auth flows that the scenario files of vectors/httpx describe as lists of actions. */
import * as httpx from '../../src/index.js';
import { FakeHost } from '../support/fake-host.js';
import { errorNamed } from './httpx-transport.js';

type Note = (line: string) => unknown;

/** What hooks need of the play. */
export interface HookTools {
  readonly note: Note;
  readonly shown: (headers: httpx.Headers) => string;
  readonly read: (response: httpx.Response) => unknown;
  /** How many the client has. */
  readonly cookies: () => number;
}

interface Action {
  readonly do: string;
  readonly name?: string;
  readonly value?: string | number;
  readonly type?: string;
  readonly message?: string;
  readonly template?: string;
  readonly as?: string;
  readonly status?: number;
  readonly method?: string;
  readonly url?: string;
}

const actionOf = (given: unknown): Action => (typeof given === 'string' ? { do: given } : (given as Action));

/** A hook for `event` that does one thing. */
export function hookOf(event: string, given: unknown, tools: HookTools): (subject: never) => unknown {
  const action = actionOf(given);
  return event === 'request'
    ? (request: httpx.Request) => requestHook(action, request, tools)
    : (response: httpx.Response) => responseHook(action, response, tools);
}

function requestHook(action: Action, request: httpx.Request, { note, shown }: HookTools): void {
  if (action.do === 'record') note(`hook.request ${request.method} ${request.url}`);
  else if (action.do === 'record_headers') note(`hook.request headers ${shown(request.headers)}`);
  else if (action.do === 'set_header') request.headers.set(action.name ?? '', String(action.value));
  else if (action.do === 'raise') throw errorNamed(action.type ?? '', action.message ?? '');
  else throw new Error(`The request hook ${action.do} is not known`);
}

function responseHook(action: Action, response: httpx.Response, { note, shown, read, cookies }: HookTools): unknown {
  switch (action.do) {
    case 'record':
      return void note(`hook.response ${response.statusCode} ${response.url}`);
    case 'record_headers':
      return void note(`hook.response headers ${shown(response.headers)}`);
    case 'record_state':
      return void note(`hook.response ${stateOf(response)}`);
    case 'record_cookie_count':
      return void note(`hook.response client_cookies=${cookies()}`);
    case 'raise_for_status':
      return void response.raiseForStatus();
    case 'set_status':
      Object.assign(response, { statusCode: action.value });
      return undefined;
    case 'read': {
      const octets = read(response);
      const told = (): void => void note('hook.response read');
      return octets instanceof Promise ? octets.then(told) : told();
    }
    case 'raise':
      throw errorNamed(action.type ?? '', action.message ?? '');
    default:
      throw new Error(`The response hook ${action.do} is not known`);
  }
}

const flag = (value: boolean): string => (value ? 'True' : 'False');

function stateOf(response: httpx.Response): string {
  const content = nameOfThrown(() => response.content);
  const elapsed = nameOfThrown(() => response.elapsedMs);
  return [
    content === null ? 'content=loaded' : `content!${content}`,
    `is_closed=${flag(response.isClosed)}`,
    `is_stream_consumed=${flag(response.isStreamConsumed)}`,
    elapsed === null ? 'elapsed=present' : 'elapsed!RuntimeError',
    `history=${response.history.length}`,
    `next_request=${response.nextRequest === null ? 'None' : 'set'}`,
  ].join(' ');
}

function nameOfThrown(look: () => unknown): string | null {
  try {
    look();
    return null;
  } catch (error) {
    return (error as Error).name;
  }
}

/** What auth arguments of a scenario need to know of it. */
export interface AuthContext {
  readonly note: Note;
  /** By the names that steps refer to. */
  readonly auths: Readonly<Record<string, unknown>>;
  /** Client nonces, call by call; the last one repeats. */
  readonly cnonces: readonly string[];
}

/** Makes the auth arguments of one scenario: those of one name are one object. */
export class AuthGiver {
  readonly #context: AuthContext;
  readonly #named = new Map<string, unknown>();

  constructor(context: AuthContext) {
    this.#context = context;
  }

  /** An auth argument of the vectors as this package takes it. */
  given(value: unknown): unknown {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const { note, auths, cnonces } = this.#context;
    const tagged = value as Record<string, unknown>;
    if ('$ref' in tagged) {
      const name = String(tagged.$ref);
      if (!this.#named.has(name)) this.#named.set(name, this.given(auths[name]));
      return this.#named.get(name);
    }
    if ('$tuple' in tagged) return tagged.$tuple;
    if ('$basic' in tagged) return new httpx.BasicAuth(...(tagged.$basic as [string, string]));
    if ('$digest' in tagged) return new ScriptedDigest(tagged.$digest as [string, string], cnonces);
    if ('$netrc' in tagged) return netrcOf(String(tagged.$netrc));
    if ('$function' in tagged) return functionOf(tagged.$function as { set_headers: [string, string][] });
    if ('$flow' in tagged) return new ScriptedAuth(tagged.$flow as FlowScript, note);
    return value;
  }
}

/** A netrc file of that text. */
export function netrcOf(text: string): httpx.NetRCAuth {
  const host = new FakeHost();
  host.files.set('netrc', new TextEncoder().encode(text));
  return new (httpx.NetRCAuth as new (file: string, from: FakeHost) => httpx.NetRCAuth)('netrc', host);
}

class ScriptedDigest extends httpx.DigestAuth {
  readonly #cnonces: readonly string[];
  #asked = 0;

  constructor([username, password]: readonly [string, string], cnonces: readonly string[]) {
    super(username, password);
    this.#cnonces = cnonces;
  }

  protected override cnonce(): string {
    return this.#cnonces[Math.min(this.#asked++, this.#cnonces.length - 1)] ?? super.cnonce();
  }
}

function functionOf(given: {
  readonly set_headers: readonly [string, string][];
}): (request: httpx.Request) => httpx.Request {
  return (request) => {
    for (const [name, value] of given.set_headers) request.headers.set(name, value);
    return request;
  };
}

interface FlowScript {
  readonly script: readonly Action[];
  readonly requires_request_body?: boolean;
  readonly requires_response_body?: boolean;
}

class ScriptedAuth extends httpx.Auth {
  override readonly requiresRequestBody: boolean;
  override readonly requiresResponseBody: boolean;
  readonly #script: readonly Action[];
  readonly #note: Note;

  constructor(given: FlowScript, note: Note) {
    super();
    this.requiresRequestBody = given.requires_request_body === true;
    this.requiresResponseBody = given.requires_response_body === true;
    this.#script = given.script;
    this.#note = note;
  }

  override *authFlow(request: httpx.Request): Generator<httpx.Request, void, httpx.Response> {
    const remembered = new Map<string, string>();
    let response: httpx.Response | null = null;
    for (const action of this.#script) {
      if (action.do === 'yield' || action.do === 'yield_new') {
        response = yield action.do === 'yield' ? request : new httpx.Request(action.method ?? '', action.url ?? '');
        this.#note(`flow.got ${response.statusCode}`);
      } else if (action.do === 'stop_unless_status') {
        if (response?.statusCode !== action.status) return;
      } else if (action.do === 'raise') throw errorNamed(action.type ?? '', action.message ?? '');
      else remember(action, request, response, remembered);
    }
  }
}

function remember(
  action: Action,
  request: httpx.Request,
  response: httpx.Response | null,
  remembered: Map<string, string>,
): void {
  const { name = '', as = '', template = '' } = action;
  if (action.do === 'set_header') request.headers.set(name, String(action.value));
  else if (action.do === 'set_header_template') {
    request.headers.set(
      name,
      template.replace(/\{(\w+)\}/g, (_all, each: string) => remembered.get(each) ?? ''),
    );
  } else if (action.do === 'remember_response_header') remembered.set(as, response?.headers.get(name) ?? '');
  else if (action.do === 'remember_response_text') remembered.set(as, response?.text ?? '');
  else if (action.do === 'remember_request_body') remembered.set(as, new TextDecoder().decode(request.content));
  else throw new Error(`The action ${action.do} is not known`);
}
