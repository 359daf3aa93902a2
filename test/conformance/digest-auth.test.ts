/** `digest-auth.json`: what challenges say, and what they are answered with (RFC 2069, 2617, 7616). */
import { describe, expect, test } from 'vitest';
import { type Challenge, challengesOf } from '../../src/challenges.js';
import { digestResponse } from '../../src/digest.js';
import { textOfOctets } from '../../src/fields.js';
import type { Digests } from '../../src/hosts/host.js';
import { host } from '../../src/hosts/node/host.js';
import { protocolCases, withoutShared } from '../support/shared.js';

interface Case {
  readonly id: string;
  readonly www_authenticate?: readonly string[];
  readonly expect?: readonly { readonly scheme: string; readonly params?: object; readonly token68?: string }[] | null;
  readonly username: string;
  readonly password: string;
  readonly realm: string;
  readonly method: string;
  readonly uri: string;
  readonly nonce: string;
  readonly algorithm: string;
  readonly qop: 'auth' | 'auth-int' | null;
  readonly nc: string | null;
  readonly cnonce: string | null;
  readonly body_b64: string;
  readonly response: string;
}

const cases = protocolCases<Case>('digest-auth');
const utf8 = (text: string): string => textOfOctets(new TextEncoder().encode(text));
const shownChallenge = ({ scheme, params, token68 }: Challenge): object =>
  token68 === null ? { scheme, params: Object.fromEntries(params) } : { scheme, token68 };

describe.skipIf(cases === null)(`digest-auth.json ${cases === null ? withoutShared : ''}`, () => {
  const named = (cases ?? []).map((each) => [each.id, each] as const);
  const challenges = named.filter(([, each]) => each.www_authenticate !== undefined);
  const responses = named.filter(([, each]) => each.www_authenticate === undefined);

  test.each(challenges)('%s', (_id, { www_authenticate: fields = [], expect: expected }) => {
    const parsed = fields.map(challengesOf);
    const all = parsed.includes(null) ? null : parsed.flatMap((each) => (each ?? []).map(shownChallenge));
    expect(all).toEqual(expected);
  });

  test.each(responses)('%s', async (_id, given) => {
    const digests = (await host.digests()) as Digests;
    const { username, password, realm, method, uri, nonce, algorithm, qop, nc, cnonce, response } = given;
    const body = new Uint8Array(Buffer.from(given.body_b64, 'base64'));
    const [user, secret, of] = [username, password, realm].map(utf8) as [string, string, string];
    const asked = { realm: of, nonce, algorithm, qop };
    const answer = {
      username: user,
      password: secret,
      method,
      uri: utf8(uri),
      body,
      nc: nc ?? '',
      cnonce: cnonce ?? '',
    };
    expect(digestResponse(digests, asked, answer)).toBe(response);
  });
});
