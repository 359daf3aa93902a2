/** Rings: octets put by one side are what the other takes, wherever they wrap around and however they are cut. */
import { expect, test } from 'vitest';
import { Ring } from '../../src/hosts/ring.js';
import { octetsOf, patternOf, textOf } from '../support/octets.js';

const SIZE = 16;

function ringAt(start: number): Ring {
  const words = new Int32Array(new SharedArrayBuffer(8)).fill(start);
  return new Ring(words, 0, 1, new Uint8Array(new SharedArrayBuffer(SIZE)));
}

/** Takes everything, in pieces of at most `most` octets. */
function taken(ring: Ring, most: number = SIZE): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (let piece = ring.first(most); piece.length > 0; piece = ring.first(most)) {
    pieces.push(piece.slice());
    ring.taken(piece.length);
  }
  return Buffer.concat(pieces);
}

/** Places where a ring can begin: all of it, and around the places where its counters wrap. */
const STARTS = [...Array(SIZE).keys(), 0x7fffffff - 3, 0x7fffffff, -1, -SIZE, -5];

test('octets come out as they went in, from every place, cut at every place', () => {
  for (const start of STARTS) {
    for (let length = 0; length <= SIZE; length++) {
      const octets = patternOf(length);
      for (let cut = 0; cut <= length; cut++) {
        const ring = ringAt(start);
        expect(ring.put(octets, 0, cut)).toBe(cut);
        expect(ring.put(octets, cut, length)).toBe(length - cut);
        expect([ring.used, ring.room]).toEqual([length, SIZE - length]);
        expect(taken(ring, cut === 0 ? SIZE : cut)).toEqual(Buffer.from(octets));
        expect([ring.used, ring.room]).toEqual([0, SIZE]);
      }
    }
  }
});

test('a string goes as its Latin-1 octets, all 256 of them, from every place', () => {
  const all = textOf(Uint8Array.from({ length: 256 }, (_, octet) => octet));
  for (const start of STARTS) {
    const ring = ringAt(start);
    let heard = '';
    for (let at = 0; at < all.length; heard += textOf(taken(ring))) at += ring.putLatin1(all, at);
    expect(heard).toBe(all);
  }
});

test('what has no room is not put, and is put from where it stopped', () => {
  const octets = patternOf(SIZE * 3);
  for (const start of STARTS) {
    for (let before = 0; before <= SIZE; before++) {
      const ring = ringAt(start);
      expect(ring.put(octets, 0, before)).toBe(before);
      expect(ring.put(octets, before, octets.length)).toBe(SIZE - before);
      expect(ring.put(octets, 0, 1)).toBe(0);
      expect(ring.putLatin1('x', 0)).toBe(0);
      expect(taken(ring)).toEqual(Buffer.from(octets.subarray(0, SIZE)));
    }
  }
});

test('octets and text may follow each other in any order', () => {
  const ring = ringAt(13);
  ring.putLatin1('head', 0);
  ring.put(octetsOf('-body-'), 1, 5);
  ring.putLatin1('tail', 2);
  expect(textOf(taken(ring))).toBe('headbodyil');
});

test('a view ends where the memory does, and at what was asked for', () => {
  const ring = ringAt(SIZE - 3);
  ring.put(patternOf(8), 0, 8);
  expect(ring.first(2).length).toBe(2);
  expect(ring.first(SIZE).length).toBe(3);
  ring.taken(3);
  expect(ring.first(SIZE).length).toBe(5);
});
