/** The Link field: what is a link of it and what is not, however it is quoted, and that reading it takes linear time. */
import { describe, expect, test } from 'vitest';
import { linksOf } from '../../src/links.js';
import { cpuMs } from '../support/cpu-time.js';

const seen = (field: string): unknown =>
  Object.fromEntries(Object.entries(linksOf(field)).map(([name, link]) => [name, { ...link }]));

describe('links', () => {
  test.each<[string, unknown]>([
    ['<https://a/;p=1,2>; rel="next"', { next: { url: 'https://a/;p=1,2', rel: 'next' } }],
    ['</a>; rel="x"; title="a;b, c=\\"d\\""', { x: { url: '/a', rel: 'x', title: 'a;b, c="d"' } }],
    ['</a>; REL=next ; TITLE = t', { next: { url: '/a', rel: 'next', title: 't' } }],
    ['</a>;rel=x,</b>;rel=y', { x: { url: '/a', rel: 'x' }, y: { url: '/b', rel: 'y' } }],
    ['</a>; rel="x y"', { x: { url: '/a', rel: 'x y' }, y: { url: '/a', rel: 'x y' } }],
    ['</a>; rel=x; rel=y', { x: { url: '/a', rel: 'x' } }],
    ['</a>; rel=x, </b>; rel=x', { x: { url: '/b', rel: 'x' } }],
    ['</a>', { '/a': { url: '/a' } }],
    ['</a>; rel=""', { '/a': { url: '/a', rel: '' } }],
    ['<>; rel=self', { self: { url: '', rel: 'self' } }],
    ['</a>; crossorigin; rel=preload', { preload: { url: '/a', crossorigin: '', rel: 'preload' } }],
    ['</a>; rel="x', { x: { url: '/a', rel: 'x' } }],
    ['</a>; url=/evil; rel=x', { x: { url: '/a', rel: 'x' } }],
    ['/a; rel=x', { x: { url: '/a', rel: 'x' } }],
    ['</a>junk=1; rel=x', { x: { url: '/a', rel: 'x' } }],
    ['</a; rel=x', {}],
    ['</a>; rel=x, <b', { x: { url: '/a', rel: 'x' } }],
    [' ,, ', {}],
    ['', {}],
  ])('of %j', (field, wanted) => {
    expect(seen(field)).toEqual(wanted);
  });

  test('of a name like __proto__ are links like others', () => {
    const links = linksOf('</a>; rel=__proto__; constructor=1');
    expect(Object.keys(links)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(links)).toBeNull();
    expect(Object.keys(Object.values(links)[0] ?? {})).toEqual(['url', 'rel', 'constructor']);
    expect(linksOf(null)).toEqual(Object.create(null));
  });

  test.each([
    '<',
    ',',
    ' ',
    ';',
    '; ',
    '"',
    'a ',
    '=',
    '= ',
    "' ",
    '</a>;"',
    '<a>; x="\\',
    '<a>; rel="x ',
    'x=y;',
    ';=,',
  ])('of 50 KB of %j take no time', (part) => {
    for (const field of [part.repeat(50_000 / part.length), `<a>; x= b${part.repeat(50_000 / part.length)}c`]) {
      linksOf(field);
      const start = cpuMs();
      linksOf(field);
      // Quadratic time is seconds; the allowance is for the compiler and the collector of garbage.
      expect(cpuMs() - start).toBeLessThan(500);
    }
  });
});
