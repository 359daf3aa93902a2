/**
 * The URL files of vectors/protocol: WHATWG's rules. Our URL parses as httpx does, so what they say holds for URLs that are
 * *sent*: the host and port that go to the network are the ones WHATWG yields, or the URL is refused (API.md, Value types).
 */
import { describe, expect, test } from 'vitest';
import { InvalidURL, UnsupportedProtocol, URL, type URLComponents } from '../../src/index.js';
import { percentEncode, UNSAFE_IN_QUERY } from '../../src/percent-encoding.js';
import { protocolCases, withoutShared } from '../support/shared.js';

const absent = (cases: unknown): string => (cases === null ? ` ${withoutShared}` : '');

/** Host and port as URLs have them; `null` if the URL is refused. */
function sentTo(url: () => URL): string | null {
  try {
    return url()
      .origin.toString()
      .replace(/^https?:\/\//, '');
  } catch (error) {
    if (error instanceof InvalidURL || error instanceof UnsupportedProtocol) return null;
    throw error;
  }
}

/** What the runtime's own URL makes of a host; `null` if it refuses. */
function hostByRuntime(host: string): string | null {
  try {
    return new globalThis.URL(`https://${host}/x`).hostname;
  } catch {
    return null;
  }
}

interface ParseCase {
  readonly id: string;
  readonly input: string;
  readonly base: string | null;
  readonly failure?: boolean;
  readonly host?: string;
  readonly protocol?: string;
}

/** References that are joined as httpx does. In a Location they are refused (redirects.test.ts). */
const OTHERWISE =
  'HTTPX § 5: join is RFC 3986 resolution, to which a backslash is no slash; SECURITY 6.12 where it matters';

/** To WHATWG the reference names another host, and does so by a backslash. */
function isLedByBackslash({ input, base, host }: ParseCase): boolean {
  const start = input.slice(0, 2);
  return base !== null && /^[\\/]{2}$/.test(start) && start.includes('\\') && host !== new globalThis.URL(base).host;
}

const parses = protocolCases<ParseCase>('url');
const relevant = (parses ?? []).filter(({ protocol, input, base }) =>
  protocol === undefined ? /^https?:/i.test(input) || /^https?:/i.test(base ?? '') : /^https?:$/.test(protocol),
);

describe.skipIf(parses === null)(`url.json: what is sent goes where WHATWG says${absent(parses)}`, () => {
  test.each(relevant.map((each) => [each.id, each] as const))('%s', (_id, each) => {
    const { input, base, failure, host } = each;
    const made = (): URL => (base === null ? new URL(input) : new URL(base).resolve(new URL(input)));
    const sent = sentTo(made);
    if (sent === null) return;
    if (isLedByBackslash(each)) {
      expect(sent, `listed, but no difference: ${OTHERWISE}`).not.toBe(host);
      return;
    }
    expect(failure, `${input} must be refused`).toBeUndefined();
    expect(sent).toBe(host);
    expect(made().toWeb().host, 'as text it leads there too').toBe(host);
  });

  test('most of them are sent', () => {
    const accepted = relevant.filter(({ failure }) => failure !== true);
    const sent = accepted.filter(({ input, base }) =>
      sentTo(() => (base === null ? new URL(input) : new URL(base).resolve(new URL(input)))),
    );
    expect(sent.length / accepted.length).toBeGreaterThan(0.6);
  });
});

interface HostCase {
  readonly id: string;
  readonly input: string;
  readonly output: string | null;
}

describe.each(['url-toascii', 'url-idna'])('%s.json: hosts as the runtime reads them (UTS 46)', (file) => {
  const cases = protocolCases<HostCase>(file);

  test.skipIf(cases === null)(`a host is sent as the vector says${absent(cases)}`, () => {
    const wrong: string[] = [];
    for (const { id, input, output } of cases ?? []) {
      const sent = sentTo(() => new URL(`https://${input}/x`));
      const byRuntime = hostByRuntime(input);
      // API.md: IDNA is the host's UTS 46. Its version of Unicode may be another than the vector's.
      if (sent !== output && sent !== byRuntime) wrong.push(`${id}: ${JSON.stringify(input)} → ${sent}, not ${output}`);
    }
    expect(wrong).toEqual([]);
  });
});

interface SecurityCase {
  readonly id: string;
  readonly input: string;
  readonly expect_host: string | null;
}

/** WHATWG repairs these; httpx refuses them, and API.md says that URLs parse as httpx has it. */
const REFUSED: readonly (readonly [overruledBy: string, isMeant: (input: string) => boolean])[] = [
  [
    'HTTPX § 5: four numbers must be an IPv4 address, without leading zeros',
    (input) => /^https?:\/\/(?=[^/]*\b0\d)\d+(?:\.\d+){3}(?=[:/]|$)/i.test(input),
  ],
  [
    'API, URL: to httpx, and RFC 3986, a backslash is no slash; where the two disagree, InvalidURL',
    (input) => /^https?:\/{0,2}[^/?#]*\\/i.test(input),
  ],
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  ['HTTPX § 5: control characters are errors', (input) => /[\x00-\x1f\x7f]/.test(input)],
  ['HTTPX § 5: nothing is trimmed, so there is no scheme', (input) => /^ | $/.test(input)],
  ['HTTPX § 5: an empty authority has no host', (input) => /^https?:(?!\/\/[^/])/i.test(input)],
];

const security = protocolCases<SecurityCase>('url-security');

describe.skipIf(security === null)(`url-security.json: no host but the one WHATWG yields${absent(security)}`, () => {
  test.each((security ?? []).map((each) => [each.id, each] as const))('%s', (_id, { input, expect_host }) => {
    const sent = sentTo(() => new URL(input));
    const refused = REFUSED.find(([, isMeant]) => isMeant(input));
    if (refused !== undefined && expect_host !== null) expect(sent, `listed, but sent: ${refused[0]}`).toBeNull();
    else expect(sent).toBe(expect_host);
  });

  test('every reason concerns a case', () => {
    const isUsed = (isMeant: (input: string) => boolean) => security?.some(({ input }) => isMeant(input)) === true;
    expect(REFUSED.filter(([, isMeant]) => !isUsed(isMeant)).map(([overruledBy]) => overruledBy)).toEqual([]);
  });
});

interface EncodingCase {
  readonly id: string;
  readonly input: string;
  readonly output: Readonly<Record<string, string>>;
}

const encodings = protocolCases<EncodingCase>('url-percent-encoding');

describe.skipIf(encodings === null)(`url-percent-encoding.json, the utf-8 column${absent(encodings)}`, () => {
  test.each((encodings ?? []).map((each, at) => [`${each.id} (${at})`, each] as const))(
    '%s',
    (_id, { input, output }) => {
      expect(percentEncode(input, UNSAFE_IN_QUERY)).toBe(output['utf-8']);
      expect(new URL(`https://h/?${input}`).query).toBe(output['utf-8']);
    },
  );
});

interface SetterCase {
  readonly id: string;
  readonly setter: string;
  readonly href: string;
  readonly new_value: string;
  readonly expected: Readonly<Record<string, string>>;
}

type Change = (value: string) => URLComponents;

/** The components that mean what a setter means: what stands behind the delimiter, which a setter may also be given. */
const CHANGES: Readonly<Record<string, Change>> = {
  protocol: (value) => ({ scheme: value.replace(/:$/, '') }),
  username: (username) => ({ username }),
  password: (password) => ({ password }),
  host: (netloc) => ({ netloc }),
  hostname: (host) => ({ host }),
  port: (value) => ({ port: value === '' ? null : /^[0-9]+$/.test(value) ? Number(value) : Number.NaN }),
  pathname: (path) => ({ path }),
  search: (value) => ({ query: value === '' ? null : value.replace(/^\?/, '') }),
  hash: (value) => ({ fragment: value === '' ? null : value.replace(/^#/, '') }),
};

const setters = protocolCases<SetterCase>('url-setters');
const meant = (setters ?? []).filter(
  ({ setter, href, expected }) => setter in CHANGES && /^https?:/.test(href) && /^https?:/.test(expected.href ?? ''),
);

/** Where `copyWith` means something else: the port of the URL is gone with the host that had it. */
const MEANT_OTHERWISE = 'HTTPX § 5: netloc is host and port in one, so the port that it lacks is gone';
const isPortLost = ({ setter, href, new_value }: SetterCase): boolean =>
  setter === 'host' && /:\d+(?:\/|$)/.test(href) && !/:\d+$/.test(new_value.replace(/\[[^\]]*\]/, ''));

/** The URL as WHATWG has it; `null` if it is refused, when it is made or when it is to be sent. */
function sentAs(change: () => URL): string | null {
  try {
    const url = change();
    return sentTo(() => url) === null ? null : url.toWeb().href;
  } catch (error) {
    if (error instanceof InvalidURL || error instanceof TypeError) return null;
    throw error;
  }
}

describe.skipIf(setters === null)(`url-setters.json: copyWith makes the same, or refuses${absent(setters)}`, () => {
  test.each(meant.map((each) => [each.id, each] as const))('%s', (_id, each) => {
    const { setter, href, new_value, expected } = each;
    const sent = sentAs(() => new URL(href).copyWith(CHANGES[setter]?.(new_value) ?? {}));
    if (isPortLost(each)) expect(sent, `listed, but no difference: ${MEANT_OTHERWISE}`).not.toBe(expected.href);
    // A setter that is given nonsense does nothing; copyWith says so.
    else if (sent !== null) expect(sent).toBe(expected.href);
  });

  test('a third of them are made', () => {
    const made = meant.filter(({ setter, href, new_value }) =>
      sentAs(() => new URL(href).copyWith(CHANGES[setter]?.(new_value) ?? {})),
    );
    expect(made.length / meant.length).toBeGreaterThan(1 / 3);
  });
});
