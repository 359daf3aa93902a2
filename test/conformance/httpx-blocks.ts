/**
 * What lifecycle.json comes to where a client is not entered (API, rule 5): the end of a block closes it, once, and whatever
 * the order of the steps, it can be used until then.
 */
import type { Outcome, Result, Scenario, SeenRequest } from './httpx-scenario.js';

/** The case has a block. */
export function hasBlock({ input }: Scenario): boolean {
  return input.steps.some(({ do: what }) => what === 'enter' || what === 'exit');
}

const ERROR: Result = { $error: { type: 'Error', module: 'builtins' } };
const BODY = 'ZmluYWw=';
const HEADERS = [
  ['Accept', '*/*'],
  ['Accept-Encoding', 'gzip, deflate, br, zstd'],
  ['Connection', 'keep-alive'],
  ['User-Agent', 'python-httpx/0.28.1'],
] as const;

/** The case without the states that only a block has. */
export function withoutBlocks({ input }: Scenario): Outcome {
  const mounts = (input.client?.mounts ?? []) as readonly (readonly [string, string])[];
  const events: string[] = [];
  const requests: SeenRequest[] = [];
  let closed = false;
  const results = input.steps.map(({ do: what = 'request', url = '' }): Result => {
    if (what === 'is_closed') return closed;
    if (what === 'request') {
      if (closed) return ERROR;
      const number = requests.length;
      const headers = [['Host', new URL(url).host] as const, ...HEADERS];
      requests.push({ method: 'GET', url, headers, body_b64: '' });
      events.push(`transport GET ${url}`, `stream.start ${number}`, `stream.close ${number}`);
      return { status: 200, url, history: [], is_closed: true, body_b64: BODY, next_request: null };
    }
    if (what !== 'enter' && !closed) {
      closed = true;
      events.push('transport.close', ...mounts.map(([, name]) => `transport[${name}].close`));
    }
    return null;
  });
  return { requests, results, events };
}
