/**
 * Field lists as a connection of HTTP/2 carries them, one after the other: much is as before, some is new each time. A browser
 * at a site behind a content delivery network, and a program at an API. Made from seeds. None names a field twice, so that
 * libraries whose lists are objects can take part.
 */
import { cdnFields } from './heads.mjs';
import { BASE64URL, HEXADECIMAL, Random } from './random.mjs';

const LISTS = 64;
const PATHS = ['/', '/api/v1/items', '/api/v1/items/', '/static/app.js', '/search?q=', '/users/'];

/** Names in lower case, without what HTTP/2 has no place for. */
function inHttp2(fields) {
  return fields.filter(([name]) => name !== 'Connection').map(([name, value]) => [name.toLowerCase(), value]);
}

/** Requests of a browser to one site, twelve fields each: path, validator and identifier change. */
export function requestLists() {
  const random = new Random(0x72657175);
  const session = random.text(64, BASE64URL);
  return Array.from({ length: LISTS }, () => [
    [':method', random.below(8) === 0 ? 'POST' : 'GET'],
    [':scheme', 'https'],
    [':authority', 'www.example.com'],
    [':path', random.pick(PATHS) + random.below(100000)],
    [
      'user-agent',
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
    ],
    ['accept', random.pick(['application/json', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'])],
    ['accept-encoding', 'gzip, deflate, br, zstd'],
    ['accept-language', 'en-GB,en;q=0.9,de;q=0.8'],
    ['referer', `https://www.example.com${random.pick(PATHS)}`],
    ['cookie', `session=${session}`],
    ['if-none-match', `"${random.text(32, HEXADECIMAL)}"`],
    ['x-request-id', random.text(32, HEXADECIMAL)],
  ]);
}

/** Responses of a site behind a content delivery network, twenty fields each: those of the corpus's head. */
export function responseLists() {
  const random = new Random(0x72657370);
  return Array.from({ length: LISTS }, (_, index) => {
    const fields = inHttp2(cdnFields(random, 1000 + random.below(9000)));
    const seconds = String(index % 60).padStart(2, '0');
    const changed = fields.map(([name, value]) => [
      name,
      name === 'date' ? value.replace('42 GMT', `${seconds} GMT`) : value,
    ]);
    return [[':status', random.below(16) === 0 ? '404' : '200'], ...changed];
  });
}

/** Calls of a program to an API, ten fields each: path, key and length change, the token stays. */
export function apiRequestLists() {
  const random = new Random(0x61706971);
  const token = random.text(86, BASE64URL);
  return Array.from({ length: LISTS }, () => [
    [':method', random.below(3) === 0 ? 'POST' : 'GET'],
    [':scheme', 'https'],
    [':authority', 'api.example.com'],
    [':path', `/v2/${random.pick(['customers', 'orders', 'invoices'])}/${random.below(1000000)}?expand=items`],
    ['user-agent', 'example-sdk/4.7.0 (linux; x64)'],
    ['accept', 'application/json'],
    ['accept-encoding', 'gzip, deflate, br, zstd'],
    ['authorization', `Bearer ${token}`],
    ['content-length', String(random.below(2000))],
    ['idempotency-key', random.text(32, HEXADECIMAL)],
  ]);
}

/** What an API answers, twelve fields each: the remaining calls count down, length, validator and identifiers change. */
export function apiResponseLists() {
  const random = new Random(0x61706972);
  return Array.from({ length: LISTS }, (_, index) => [
    [':status', random.pick(['200', '200', '200', '201', '204', '404'])],
    ['date', `Tue, 03 Nov 2026 08:15:${String(index % 60).padStart(2, '0')} GMT`],
    ['content-type', 'application/json; charset=utf-8'],
    ['content-length', String(100 + random.below(9000))],
    ['cache-control', 'max-age=0, private, must-revalidate'],
    ['etag', `W/"${random.text(32, HEXADECIMAL)}"`],
    ['vary', 'Accept, Accept-Encoding, Authorization'],
    ['strict-transport-security', 'max-age=31536000; includeSubDomains'],
    ['x-ratelimit-limit', '5000'],
    ['x-ratelimit-remaining', String(5000 - index)],
    ['x-ratelimit-reset', '1793693742'],
    ['x-request-id', random.text(32, HEXADECIMAL)],
  ]);
}
