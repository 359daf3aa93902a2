/**
 * Multipart forms against httpx (`vectors/httpx/multipart.json`) and HTML's escaping (`multipart-encode.json`): the octets,
 * the fields that announce them, and the type that a file's name suggests. Differences stand in the list below, each with
 * the line that overrules the case; an unlisted difference fails, and so does a listed case that agrees.
 */
import { describe, expect, test } from 'vitest';
import { contentTypeOf } from '../../src/content-types.js';
import type { RequestFile, RequestFiles } from '../../src/index.js';
import { fakeEnvironment, openClient } from '../support/client.js';
import { httpxCases, protocolCases, withoutShared } from '../support/shared.js';

type Tagged = Readonly<Record<string, unknown>>;

interface FormCase {
  readonly id: string;
  readonly quirk?: string;
  readonly input: {
    readonly op?: string;
    readonly filename?: string;
    readonly files?: Readonly<Record<string, unknown>>;
    readonly data?: Readonly<Record<string, unknown>>;
    readonly headers?: Readonly<Record<string, string>>;
  };
  readonly expected: {
    readonly headers?: readonly (readonly [string, string])[];
    readonly body_b64?: string;
    readonly content_type?: string | null;
    readonly $error?: { readonly type: string };
  };
}

interface Form {
  readonly contentType: string;
  readonly body: string;
}

/** What overrules cases, and what is expected instead. */
interface Difference {
  readonly overruledBy: string;
  readonly ours: (theirs: Form) => Form;
}

/** The vectors' random octets, as a boundary. */
const BOUNDARY = '000102030405060708090a0b0c0d0e0f';

const HTML: Difference = {
  overruledBy: 'vectors/protocol/multipart-encode.json, mp-backslash: a backslash is no escape (HTML § 4.10.21.8)',
  ours: ({ contentType, body }) => ({ contentType, body: body.replaceAll('\\\\', '\\') }),
};
const lineEnds = (values: readonly string[]): Difference => ({
  overruledBy: 'vectors/protocol/multipart-encode.json, mp-value-lf: line ends become CRLF (HTML § 4.10.21.8)',
  ours: ({ contentType, body }) => ({
    contentType,
    body: values.reduce((text, value) => text.replace(value, value.replace(BARE_LINE_END, '\r\n')), body),
  }),
});
/** A line end that is no CRLF. */
const BARE_LINE_END = /\r(?!\n)|(?<!\r)\n/g;
const HEADER: Difference = {
  overruledBy: 'HTTPX.md § 24, 18: a Content-Type without boundary mismatches the body',
  ours: ({ contentType, body }) => ({
    contentType: `${contentType.replace(/[; ]+$/, '')}; boundary=${BOUNDARY}`,
    body,
  }),
};
const EMPTY_BOUNDARY: Difference = {
  overruledBy: 'SECURITY.md 5.4: no predictable boundary; RFC 2046 § 5.1.1 wants one character at least',
  ours: ({ body }) => ({
    contentType: `multipart/form-data; boundary=${BOUNDARY}`,
    body: body.replace(/^--\r\n/, `--${BOUNDARY}\r\n`).replace(/----\r\n$/, `--${BOUNDARY}--\r\n`),
  }),
};

/** What overrules a case that is answered differently, by what it asks for. */
function listed({ input, expected }: FormCase): Difference | undefined {
  if (expected.$error !== undefined) return undefined;
  const [, type = ''] = Object.entries(input.headers ?? {}).find(([name]) => /^content-type$/i.test(name)) ?? [];
  if (/^multipart\/form-data/i.test(type)) {
    if (/boundary=(?:""|\s*(?:;|$))/i.test(type)) return EMPTY_BOUNDARY;
    if (!/[; \t]boundary=/i.test(type)) return HEADER;
  }
  if (/^Content-Disposition: .*\\\\/m.test(Buffer.from(expected.body_b64 ?? '', 'base64').toString('latin1')))
    return HTML;
  const values = Object.values(input.data ?? {}).filter((value) => typeof value === 'string');
  return values.some((value) => new RegExp(BARE_LINE_END).test(value)) ? lineEnds(values) : undefined;
}

/** What the caller's Content-Length, another framing or type would only say again. */
const CLIENT_FIELDS: ReadonlySet<string> = new Set(['accept', 'accept-encoding', 'connection', 'user-agent']);

const fileOf = (content: Tagged): RequestFile => {
  const octets = Buffer.from(String(content.b64), 'base64');
  const bytes = new Uint8Array(octets);
  if (content.seekable === false) {
    return [
      'upload',
      {
        *[Symbol.iterator]() {
          yield bytes;
        },
      },
    ];
  }
  return content.name === undefined ? bytes : ([String(content.name).replace(/^.*\//, ''), bytes] as const);
};

/** A value of the vectors, as a caller would give it here. */
function heldBy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(heldBy);
  if (typeof value !== 'object' || value === null) return value;
  const tagged = value as Tagged;
  if ('$bytes' in tagged) return new Uint8Array(Buffer.from(String(tagged.$bytes), 'latin1'));
  if ('$text_file' in tagged) return { read: () => tagged.$text_file };
  if ('$file' in tagged) return fileOf(tagged.$file as Tagged);
  if ('$tuple' in tagged) {
    return (tagged.$tuple as unknown[]).map((item, at) => {
      const made = heldBy(item);
      return at === 1 && Array.isArray(made) ? made[1] : made;
    });
  }
  if ('$dict_with_keys' in tagged) return null;
  return tagged;
}

const given = (values: Readonly<Record<string, unknown>> | undefined): Record<string, unknown> | undefined =>
  values === undefined
    ? undefined
    : Object.fromEntries(Object.entries(values).map(([name, value]) => [name, heldBy(value)]));

/** Fields and octets, or the error's class. */
async function encoded({ input }: FormCase): Promise<unknown> {
  const client = openClient({}, fakeEnvironment());
  try {
    const request = client.buildRequest('POST', 'https://www.example.com/', {
      files: given(input.files) as RequestFiles | undefined,
      data: given(input.data),
      headers: input.headers,
    });
    const headers = [...request.headers.multiItems()].filter(([name]) => !CLIENT_FIELDS.has(name));
    const body = Buffer.from(await request.aread()).toString('base64');
    return { headers: headers.sort(), body };
  } catch (error) {
    return { error: (error as Error).constructor.name };
  }
}

interface Encoded {
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

/** The form of a case, changed by a difference: its type, its octets, and the length that announces them. */
function differing({ headers, body: base64 }: Encoded, ours: Difference['ours']): Encoded {
  const given = headers.find(([name]) => name === 'content-type')?.[1] ?? '';
  const { contentType, body } = ours({ contentType: given, body: Buffer.from(base64, 'base64').toString('latin1') });
  const replaced = new Map([
    ['content-type', contentType],
    ['content-length', String(body.length)],
  ]);
  return {
    headers: headers.map(([name, value]) => [name, replaced.get(name) ?? value] as const),
    body: Buffer.from(body, 'latin1').toString('base64'),
  };
}

function expectedOf({ expected }: FormCase): unknown {
  if (expected.$error !== undefined) return { error: expected.$error.type };
  const headers = (expected.headers ?? []).map(([name, value]) => [name.toLowerCase(), value] as const);
  return { headers: [...headers].sort(), body: expected.body_b64 };
}

const all = httpxCases<FormCase>('multipart');
const judged = (all ?? []).filter(({ quirk }) => quirk === undefined);
const forms = judged.filter(({ input }) => input.op === undefined);
const names = judged.filter(({ input }) => input.op === 'guess_content_type' && input.filename !== '');

describe.skipIf(all === null)(`multipart forms as httpx makes them${all === null ? ` ${withoutShared}` : ''}`, () => {
  test.each(forms.filter((each) => listed(each) === undefined))('$id', async (each) => {
    expect(await encoded(each)).toEqual(expectedOf(each));
  });

  test.each(forms.filter((each) => listed(each) !== undefined))('$id differs, as the list says', async (each) => {
    const { overruledBy, ours } = listed(each) as Difference;
    const theirs = expectedOf(each) as Encoded;
    const instead = differing(theirs, ours);
    expect(instead, `a difference that is none: ${overruledBy}`).not.toEqual(theirs);
    expect(await encoded(each), overruledBy).toEqual(instead);
  });

  test.each(names)('$id', ({ input, expected }) => {
    expect(contentTypeOf(input.filename ?? '') ?? 'application/octet-stream').toBe(expected.content_type);
  });

  test('every difference concerns a case', () => {
    const used = new Set(forms.map((each) => listed(each)?.overruledBy));
    for (const { overruledBy } of [HTML, HEADER, EMPTY_BOUNDARY, lineEnds([])]) expect(used).toContain(overruledBy);
  });
});

interface EscapeCase {
  readonly id: string;
  readonly name: string;
  readonly filename: string | null;
  readonly value: string;
  readonly expect_disposition: string;
  readonly why: string;
}

const escapes = protocolCases<EscapeCase>('multipart-encode');

describe.skipIf(escapes === null)(
  `names and values as HTML escapes them${escapes === null ? ` ${withoutShared}` : ''}`,
  () => {
    test.each(escapes ?? [])('$id', async ({ name, filename, value, expect_disposition: disposition, id }) => {
      const client = openClient({}, fakeEnvironment());
      const form = new FormData();
      form.append('other', new Blob(['x']));
      const files: RequestFiles = filename === null ? [['other', ['', 'x']]] : [[name, [filename, value]]];
      const data = filename === null ? { [name]: value } : undefined;
      const body = Buffer.from(
        await client.buildRequest('POST', 'http://a.invalid/', { files, data }).aread(),
      ).toString();
      const lines = body.split('\r\n');
      expect(lines[1]).toBe(`Content-Disposition: ${disposition}`);
      if (id === 'mp-value-lf') expect(body).toContain('\r\n\r\nx\r\ny\r\n');
    });
  },
);
