/**
 * Cookies against RFC 6265bis: vectors/protocol cookies.json, cookie-dates.json and public-suffix.json. Where a case says
 * otherwise than the RFC, it is listed with the line that overrules it.
 */
import { describe, expect, test } from 'vitest';
import { cookieDateMs } from '../../src/cookie-dates.js';
import { cookieOctets } from '../../src/cookie-jar.js';
import { Cookies } from '../../src/cookies.js';
import { Deadlines } from '../../src/deadlines.js';
import { runSync } from '../../src/flow.js';
import { Headers } from '../../src/headers.js';
import type { PublicSuffixes } from '../../src/hosts/host.js';
import { publicSuffixes } from '../../src/hosts/node/public-suffixes.js';
import { MockTransport, Response } from '../../src/index.js';
import { URL } from '../../src/url.js';
import { clients } from '../support/clients.js';
import { FakeHost } from '../support/fake-host.js';
import { FakeConnector } from '../support/fake-socket.js';
import { protocolCases, withoutShared } from '../support/shared.js';

const absent = (cases: unknown): string => (cases === null ? ` ${withoutShared}` : '');

interface CookieCase {
  readonly id: string;
  readonly request_url: string;
  readonly set_cookie: readonly string[];
  readonly then_url: string;
  readonly expect_cookie: string;
  readonly now?: string;
  readonly then_set?: readonly string[];
  readonly final_url?: string;
  readonly final_cookie?: string;
}

/** Octets of a case's text: it is latin-1 of them, unless it holds more. */
const octetsOf = (text: string): string => (/[\u0100-\uffff]/.test(text) ? cookieOctets(text) : text);

class ClockedHost extends FakeHost {
  constructor(readonly dateMs: number) {
    super();
  }
  override wallClock(): number {
    return this.dateMs;
  }
}

function jarAt(now: string | undefined): {
  cookies: Cookies;
  receive: (url: string, fields: readonly string[]) => void;
} {
  const host = new ClockedHost(Date.parse(now ?? '2026-01-01T00:00:00Z'));
  const cookies = new Cookies(null, host);
  const receive = (url: string, fields: readonly string[]): void => {
    const pairs = fields.map((field) => ['set-cookie', Buffer.from(octetsOf(field), 'latin1')] as const);
    runSync(cookies.receive(new URL(url), new Headers(pairs), host), null);
  };
  return { cookies, receive };
}

const NAMELESS = 'RFC 6265bis § 5.6, step 4: without a "=" there is a value and no name, and it is kept';

/** A field has a value alone, and the vector, of the RFC before, expects that nothing of it is sent. */
const isNameless = ({ set_cookie, expect_cookie }: CookieCase): boolean =>
  set_cookie.some((field) => {
    const [, value = ''] = /^[ \t]*(?:=|(?!.*=))[ \t]*(.*?)[ \t]*$/.exec(field.split(';', 1)[0] ?? '') ?? [];
    const isKept =
      /^\P{Cc}{1,4096}$/u.test(field.replaceAll('\t', '')) &&
      !/^__(?:host|secure)-/i.test(value) &&
      !/max-age=0|expires=/i.test(field);
    return isKept && value !== '' && !expect_cookie.split('; ').some((sent) => sent === value || sent === `=${value}`);
  });

const OTHERWISE: ReadonlyMap<string, string> = new Map([
  ['httpstate-disabled-chromium0022', 'RFC 6265bis § 5.6, step 1: a control character voids the whole field'],
  ['httpstate-disabled-path0029', 'RFC 6265bis § 5.1.4: paths are compared octet by octet, encoded as they are'],
]);
const overrules = (each: CookieCase): string | undefined =>
  OTHERWISE.get(each.id) ?? (isNameless(each) ? NAMELESS : undefined);

const cases = protocolCases<CookieCase>('cookies');

describe.skipIf(cases === null)(`cookies.json${absent(cases)}`, () => {
  test.each((cases ?? []).map((each) => [each.id, each] as const))('%s', (_id, each) => {
    const { cookies, receive } = jarAt(each.now);
    receive(each.request_url, each.set_cookie);
    const sent = [cookies.headerFor(new URL(each.then_url))];
    const wanted = [octetsOf(each.expect_cookie)];
    if (each.final_url !== undefined) {
      receive(each.then_url, each.then_set ?? []);
      sent.push(cookies.headerFor(new URL(each.final_url)));
      wanted.push(octetsOf(each.final_cookie ?? ''));
    }
    const listed = overrules(each);
    if (listed === undefined) expect(sent).toEqual(wanted);
    else expect(sent, `listed, but no difference: ${listed}`).not.toEqual(wanted);
  });

  test('every listed case is there', () => {
    const known = new Set((cases ?? []).map(({ id }) => id));
    expect([...OTHERWISE.keys()].filter((id) => !known.has(id))).toEqual([]);
  });
});

describe.skipIf(cases === null).each(clients)(`cookies.json in flight: $name${absent(cases)}`, (kind) => {
  test.each((cases ?? []).map((each) => [each.id, each] as const))('%s', async (_id, each) => {
    const host = new ClockedHost(Date.parse(each.now ?? '2026-01-01T00:00:00Z'));
    const answers = [each.set_cookie, each.then_set ?? []];
    const sent: string[] = [];
    const transport = new MockTransport((request) => {
      sent.push(request.headers.octetsOf('cookie').join('; '));
      const fields = answers.shift() ?? [];
      const headers = fields.map((field) => ['set-cookie', Buffer.from(octetsOf(field), 'latin1')] as const);
      return new Response(200, { headers });
    });
    const environment = { host, connector: new FakeConnector(), deadlines: new Deadlines(host) };
    const client = kind.open({ transport }, environment);
    const urls = [each.request_url, each.then_url, ...(each.final_url === undefined ? [] : [each.final_url])];
    for (const url of urls) await client.get(url);
    const wanted = ['', each.expect_cookie, ...(each.final_url === undefined ? [] : [each.final_cookie ?? ''])];
    if (overrules(each) !== undefined) expect(sent).not.toEqual(wanted.map(octetsOf));
    else expect(sent).toEqual(wanted.map(octetsOf));
  });
});

interface DateCase {
  readonly id: string;
  readonly input: string;
  readonly unix: number | null;
}

const dates = protocolCases<DateCase>('cookie-dates');

describe.skipIf(dates === null)(`cookie-dates.json${absent(dates)}`, () => {
  test.each((dates ?? []).map((each) => [each.id, each] as const))('%s', (_id, { input, unix }) => {
    expect(cookieDateMs(input)).toBe(unix === null ? null : unix * 1000);
  });
});

interface SuffixCase {
  readonly id: string;
  readonly domain: string | null;
  readonly registrable: string | null;
}

/** The label before the public suffix, and that. */
function registrableOf(domain: string, list: PublicSuffixes): string | null {
  const labels = domain.toLowerCase().split('.');
  if (labels.includes('')) return null;
  const at = labels.findIndex((_, from) => list.isPublicSuffix(labels.slice(from).join('.')));
  return at <= 0 ? null : labels.slice(at - 1).join('.');
}

const suffixes = protocolCases<SuffixCase>('public-suffix');

describe.skipIf(suffixes === null)(`public-suffix.json${absent(suffixes)}`, () => {
  test.each((suffixes ?? []).map((each) => [each.id, each] as const))('%s', async (_id, { domain, registrable }) => {
    expect(registrableOf(domain ?? '', await publicSuffixes())).toBe(registrable);
  });
});
