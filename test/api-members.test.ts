/**
 * The members that API.md gives each type, name by name: all are there, on the type that has them, and each class has no
 * public member that is not here. Who adds or removes one edits this list, and the CHANGELOG.
 */
import { describe, expect, test } from 'vitest';
import * as httpx from '../src/index.js';
import { parse, publicMembersOf } from './source-syntax.js';

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

const request = new httpx.Request('GET', 'http://example.org');
const cookies = new httpx.Cookies();

/** Each type with an instance, the files that declare it, and its members. */
const TYPES: readonly (readonly [name: string, instance: object, files: string, members: string])[] = [
  [
    'URL',
    new httpx.URL('http://example.org'),
    'URL:url',
    `scheme rawScheme userinfo username password host rawHost port netloc path query params rawPath fragment isAbsoluteUrl
     isRelativeUrl href origin copyWith copySetParam copyAddParam copyRemoveParam copyMergeParams join equals toWeb toString toJSON`,
  ],
  [
    'QueryParams',
    new httpx.QueryParams(),
    'QueryParams:query-params',
    'get getList keys values items multiItems has set add remove merge size toString equals toJSON',
  ],
  [
    'Headers',
    new httpx.Headers(),
    'Headers:headers',
    `get getList set has delete append update keys values items multiItems entries forEach getSetCookie raw encoding copy
     setDefault size equals toJSON`,
  ],
  ['Cookies', cookies, 'Cookies:cookies', 'set get delete clear update has keys values items jar size toString'],
  [
    'Origin',
    new httpx.URL('http://example.org').origin,
    'Origin:origin',
    'scheme host port secure key hostField equals toString toJSON',
  ],
  ['Timeout', new httpx.Timeout('5s'), 'Timeout:config', 'connect read write pool total equals toString'],
  [
    'Limits',
    new httpx.Limits(),
    'Limits:config',
    `maxConnections maxKeepaliveConnections keepaliveExpiry headOctets fields interim decodedOctets decodedRatio equals`,
  ],
  [
    'Request',
    request,
    'Request:request',
    'method url headers extensions content stream isReplayable read aread clone toString toJSON',
  ],
  [
    'Response',
    new httpx.Response(200, { request }),
    'Response:response ResponseBody:response-body',
    `statusCode reasonPhrase httpVersion url headers trailers cookies request history nextRequest links encoding
     charsetEncoding elapsedMs extensions numBytesDownloaded isClosed isStreamConsumed isInformational isSuccess isRedirect
     isClientError isServerError isError hasRedirectLocation content text json raiseForStatus read iterBytes iterText
     iterLines iterRaw close aread aiterBytes aiterText aiterLines aiterRaw aclose body rawBody toWeb defaultEncoding
     toString toJSON`,
  ],
];

describe.each(TYPES)('%s', (_name, instance, files, members) => {
  test.each(words(members))('has %s', (member) => {
    expect(member in instance).toBe(true);
  });

  test('has no other public member', () => {
    const declared = words(files).flatMap((each) => {
      const [className = '', file = ''] = each.split(':');
      return publicMembersOf(parse(`src/${file}.ts`), className);
    });
    expect([...new Set(declared)].sort()).toEqual(words(members).sort());
  });
});
