/** netrc.json of vectors/httpx against each kind of client: what a file says of each URL. No differences. */
import { describe, expect, test } from 'vitest';
import { MockTransport, Response } from '../../src/index.js';
import { clients } from '../support/clients.js';
import { httpxCases, withoutShared } from '../support/shared.js';
import { netrcOf } from './httpx-scripts.js';

interface Case {
  readonly id: string;
  readonly input: { readonly file: string; readonly urls: readonly string[] };
  readonly expected: { readonly authorization?: readonly (string | null)[]; readonly $error?: object };
}

const cases = httpxCases<Case>('netrc');

describe.skipIf(cases === null).each(clients)(`netrc.json: $name ${cases === null ? withoutShared : ''}`, (kind) => {
  test.each((cases ?? []).map((each) => [each.id, each] as const))('%s', async (_id, { input, expected }) => {
    if (expected.$error !== undefined) {
      expect(() => netrcOf(input.file)).toThrow(SyntaxError);
      return;
    }
    const seen: (string | null)[] = [];
    const transport = new MockTransport((request) => {
      seen.push(request.headers.get('authorization'));
      return new Response(200);
    });
    const client = kind.open({ transport, auth: netrcOf(input.file) });
    for (const url of input.urls) await client.get(url);
    expect(seen).toEqual(expected.authorization);
  });
});
