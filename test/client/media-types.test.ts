/** Which charset Content-Type names: of the last media type, quoted or not, and in time that grows with the field alone. */
import { describe, expect, test } from 'vitest';
import { charsetOf } from '../../src/media-type.js';
import { cpuMs } from '../support/cpu-time.js';

describe('the charset', () => {
  test.each<[string | null, string | null]>([
    [null, null],
    ['', null],
    ['text/plain', null],
    ['text/plain; charset=UTF-8', 'utf-8'],
    ['text/plain;Charset="utf-8"', 'utf-8'],
    ['text/plain; charset="u\\tf-8"', 'utf-8'],
    ['text/plain; charset=""', ''],
    ['text/plain; charset=', null],
    ['text/plain; charset= ; charset=gbk', 'gbk'],
    ['text/plain; charset=a; charset=b', 'a'],
    ['text/plain; xcharset=a; charset-x=b', null],
    ['text/plain; a="; charset=x"; charset=y', 'y'],
    ['text/plain; charset="unended', 'unended'],
    ['text/plain; charset=é', null],
    ['text/plain; charset=gbk, text/html', null],
    ['text/plain; charset=gbk, text/plain', 'gbk'],
    ['text/plain; charset=gbk, TEXT/plain; x=y', 'gbk'],
    ['text/plain; charset=gbk, text/html; charset=big5', 'big5'],
    ['text/plain; charset=gbk, nonsense; charset=big5', 'gbk'],
    ['text/plain; charset=gbk, */*; charset=big5', 'gbk'],
    ['charset=latin-1', 'latin-1'],
    ['text-plain; charset=latin-1', 'latin-1'],
  ])('of %j is %j', (contentType, charset) => {
    expect(charsetOf(contentType)).toBe(charset);
  });

  test.each(['"', ';', '; ', '\\', '"\\', ' ', ',', '=', 'a/b;', 'x=";', 'a/b,', 'charset=;'])(
    'is found in no time behind 50 KB of %j',
    (part) => {
      for (const before of ['a/b;charset', 'a/b;charset="', 'a/b; charset= ', 'charset ']) {
        const field = `${before}${part.repeat(50_000 / part.length)}c`;
        charsetOf(field);
        const start = cpuMs();
        charsetOf(field);
        expect(cpuMs() - start).toBeLessThan(500);
      }
    },
  );
});
