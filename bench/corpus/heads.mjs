/**
 * Response heads as clients meet them: what a tiny service says, a typical API, a site behind a CDN, one that sets large
 * cookies, one with a hundred fields. None has a body (Content-Length: 0), so that a row shows the head alone.
 */
import { BASE64URL, HEXADECIMAL, Random } from './random.mjs';

const DATE = 'Tue, 03 Nov 2026 08:15:42 GMT';

/** The octets (Latin-1, as a string) of a 200 response head. */
export function headOf(fields) {
  return `HTTP/1.1 200 OK\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

export function smallFields(length = 0) {
  return [
    ['Date', DATE],
    ['Server', 'nginx'],
    ['Content-Type', 'text/plain'],
    ['Content-Length', String(length)],
    ['Connection', 'keep-alive'],
  ];
}

/** Eleven fields; the head has 488 octets. */
function apiFields(random) {
  return [
    ['Date', DATE],
    ['Content-Type', 'application/json; charset=utf-8'],
    ['Content-Length', '0'],
    ['Connection', 'keep-alive'],
    ['Cache-Control', 'max-age=0, private, must-revalidate'],
    ['ETag', `W/"${random.text(32, HEXADECIMAL)}"`],
    ['Strict-Transport-Security', 'max-age=31536000; includeSubDomains'],
    ['X-RateLimit-Remaining', String(1000 + random.below(4000))],
    ['X-Request-Id', random.text(32, HEXADECIMAL)],
    ['Vary', 'Accept, Accept-Encoding, Origin'],
    ['X-Trace', random.text(55, BASE64URL)],
  ];
}

/** Twenty fields, as a site behind a content delivery network sends them. */
export function cdnFields(random, length = 0) {
  return [
    ['Date', DATE],
    ['Content-Type', 'application/json'],
    ['Content-Length', String(length)],
    ['Connection', 'keep-alive'],
    ['Server', 'edge'],
    ['Last-Modified', 'Mon, 02 Nov 2026 21:03:11 GMT'],
    ['ETag', `"${random.text(40, HEXADECIMAL)}"`],
    ['Cache-Control', 'public, max-age=300, stale-while-revalidate=86400'],
    ['Age', String(random.below(300))],
    ['Vary', 'Accept-Encoding'],
    ['Accept-Ranges', 'bytes'],
    ['Access-Control-Allow-Origin', '*'],
    ['Strict-Transport-Security', 'max-age=63072000; includeSubDomains; preload'],
    ['X-Content-Type-Options', 'nosniff'],
    ['X-Frame-Options', 'DENY'],
    ['Referrer-Policy', 'strict-origin-when-cross-origin'],
    ['X-Cache', 'HIT, MISS'],
    ['X-Served-By', `cache-${random.text(8, HEXADECIMAL)}, cache-${random.text(8, HEXADECIMAL)}`],
    ['X-Timer', `S${1700000000 + random.below(100000000)},VS0,VE${random.below(90)}`],
    ['Alt-Svc', 'h3=":443"; ma=86400'],
  ];
}

/** Eight cookies of together 4 KB beside the small fields. */
function cookieFields(random) {
  const cookies = Array.from({ length: 8 }, (_, index) => [
    'Set-Cookie',
    `session_${index}=${random.text(450, BASE64URL)}; Path=/; Max-Age=86400; Secure; HttpOnly; SameSite=Lax`,
  ]);
  return [...smallFields(), ...cookies];
}

function manyFields(random) {
  const others = Array.from({ length: 95 }, (_, index) => [
    `X-Field-${String(index).padStart(2, '0')}`,
    random.text(4 + random.below(40), BASE64URL),
  ]);
  return [...smallFields(), ...others];
}

/** name, octets (as Latin-1 string) of every head of the corpus. */
export function heads() {
  const random = new Random(0x68656164);
  return [
    ['head small, 5 fields', headOf(smallFields())],
    ['head API, 11 fields', headOf(apiFields(random))],
    ['head CDN, 20 fields', headOf(cdnFields(random))],
    ['head with 4 KB of cookies', headOf(cookieFields(random))],
    ['head, 100 fields', headOf(manyFields(random))],
  ];
}
