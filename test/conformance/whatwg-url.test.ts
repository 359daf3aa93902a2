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
const OTHERWISE: ReadonlyMap<string, string> = new Map([
  [
    'url-0041',
    'HTTPX § 5: join is RFC 3986 resolution, to which a backslash is no slash; SECURITY 6.12 where it matters',
  ],
]);

const parses = protocolCases<ParseCase>('url');
const relevant = (parses ?? []).filter(({ protocol, input, base }) =>
  protocol === undefined ? /^https?:/i.test(input) || /^https?:/i.test(base ?? '') : /^https?:$/.test(protocol),
);

describe.skipIf(parses === null)(`url.json: what is sent goes where WHATWG says${absent(parses)}`, () => {
  test.each(relevant.map((each) => [each.id, each] as const))('%s', (id, { input, base, failure, host }) => {
    const made = (): URL => (base === null ? new URL(input) : new URL(base).resolve(new URL(input)));
    const sent = sentTo(made);
    if (sent === null) return;
    if (OTHERWISE.has(id)) {
      expect(sent, `listed, but no difference: ${OTHERWISE.get(id)}`).not.toBe(host);
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
const REFUSED: ReadonlyMap<string, string> = new Map([
  ['urlsec-03', 'HTTPX § 5: four numbers must be an IPv4 address, without leading zeros'],
  ['urlsec-12', 'API, URL: to httpx, and RFC 3986, a backslash is no slash; where the two disagree, InvalidURL'],
  ['urlsec-19', 'HTTPX § 5: control characters are errors'],
  ['urlsec-20', 'HTTPX § 5: nothing is trimmed, so there is no scheme'],
  ['urlsec-23', 'HTTPX § 5: an empty authority has no host'],
]);

const security = protocolCases<SecurityCase>('url-security');

describe.skipIf(security === null)(`url-security.json: no host but the one WHATWG yields${absent(security)}`, () => {
  test.each((security ?? []).map((each) => [each.id, each] as const))('%s', (id, { input, expect_host }) => {
    const sent = sentTo(() => new URL(input));
    if (REFUSED.has(id)) expect(sent, `listed, but sent: ${REFUSED.get(id)}`).toBeNull();
    else expect(sent).toBe(expect_host);
  });

  test('every listed case is there', () => {
    const known = new Set((security ?? []).map(({ id }) => id));
    expect([...REFUSED.keys()].filter((id) => !known.has(id))).toEqual([]);
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

/** Where `copyWith` means something else. */
const MEANT_OTHERWISE: ReadonlyMap<string, string> = new Map([
  ['set-host-15', 'HTTPX § 5: netloc is host and port in one, so the port that it lacks is gone'],
  ['set-host-41', 'HTTPX § 5: netloc is host and port in one, so the port that it lacks is gone'],
]);

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
  test.each(meant.map((each) => [each.id, each] as const))('%s', (id, { setter, href, new_value, expected }) => {
    const sent = sentAs(() => new URL(href).copyWith(CHANGES[setter]?.(new_value) ?? {}));
    const listed = MEANT_OTHERWISE.get(id);
    if (listed !== undefined) expect(sent, `listed, but no difference: ${listed}`).not.toBe(expected.href);
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
