/**
 * The files of vectors/protocol that tell what fields of a response mean: content-type-header.json (WPT: which encoding a
 * body has) and link-header.json (RFC 8288), which every client sees alike.
 */
import { describe, expect, test } from 'vitest';
import { Response } from '../../src/index.js';
import { protocolCases, withoutShared } from '../support/shared.js';

interface ContentTypeCase {
  readonly id: string;
  readonly contentType: readonly string[];
  /** As the standard spells it. */
  readonly encoding: string | null;
}

const types = protocolCases<ContentTypeCase>('content-type-header');

describe.skipIf(types === null)(`content-type-header.json ${types === null ? withoutShared : ''}`, () => {
  test.each((types ?? []).map((each) => [each.id, each] as const))('%s', (_id, { contentType, encoding }) => {
    const headers = contentType.map((value) => ['Content-Type', value] as const);
    const { charsetEncoding } = new Response(200, { headers });
    expect(charsetEncoding).toBe(encoding === null ? null : encoding.toLowerCase());
  });
});

interface LinkCase {
  readonly id: string;
  readonly header: string;
  readonly expect: readonly { readonly uri: string; readonly params: Readonly<Record<string, string>> }[];
}

const links = protocolCases<LinkCase>('link-header');

describe.skipIf(links === null)(`link-header.json ${links === null ? withoutShared : ''}`, () => {
  test.each((links ?? []).map((each) => [each.id, each] as const))('%s', (_id, { header, expect: expected }) => {
    const response = new Response(200, { headers: { Link: header } });
    // A link of several relation types is there once for each.
    const found = [...new Set(Object.values(response.links))];
    expect(found.map(({ url: uri, ...params }) => ({ uri, params }))).toEqual(expected);
  });
});
