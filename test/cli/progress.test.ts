/** How far a download is, in one line. */
import { describe, expect, test } from 'vitest';
import { ProgressBar, progressLine, sizeText } from '../../src/cli/progress.js';
import { KeptOutput } from './fake-system.js';

const CLEAR_REST = '\x1b[K';

describe('the line', () => {
  test('tells name, share, bar, size, rate and time left', () => {
    const line = progressLine('a.iso', { received: 5_000_000, total: 10_000_000, octetsPerSecond: 1_000_000 }, 99);
    expect(line).toBe(`a.iso   50%  ${'━'.repeat(20)}${'╌'.repeat(20)}  5.0 MB of 10.0 MB  1.0 MB/s  0:05 left`);
  });

  test('tells size and rate where the total is not known', () => {
    expect(progressLine('a', { received: 1_500, total: null, octetsPerSecond: 10 }, 99)).toBe('a  1.5 kB  10 bytes/s');
  });

  test('has no time left at its end, and a dash while there is no rate', () => {
    expect(progressLine('a', { received: 1, total: 1, octetsPerSecond: 1 }, 99)).not.toContain('left');
    expect(progressLine('a', { received: 0, total: 9, octetsPerSecond: 0 }, 99)).toContain('-:-- left');
    expect(progressLine('a', { received: 0, total: 8_000_000, octetsPerSecond: 1 }, 99)).toContain('-:-- left');
    expect(progressLine('a', { received: 0, total: 8_000_000, octetsPerSecond: 1000 }, 99)).toContain('2:13:20 left');
  });

  test.each([0, 1, 10, 30, 50, 79, 200])('fits into %i columns', (columns) => {
    for (const total of [null, 0, 7, 10_000_000_000]) {
      const line = progressLine('x'.repeat(60), { received: 5, total, octetsPerSecond: 3 }, columns);
      expect(line.length).toBeLessThanOrEqual(columns);
    }
  });

  test('counts two columns for a character that may be wide', () => {
    const line = progressLine('円盤.iso', { received: 5, total: 10, octetsPerSecond: 1 }, 70);
    expect(line).toMatch(/^円盤\.iso {3}50% {2}[━╌]{11} {2}5 bytes of 10 bytes/);
    expect(progressLine('円'.repeat(30), { received: 1, total: null, octetsPerSecond: 1 }, 99)).toMatch(/^円{19}… /);
    expect(progressLine('円'.repeat(30), { received: 1, total: null, octetsPerSecond: 1 }, 9)).toBe('円円円円');
  });

  test('never says more than 100 %', () => {
    expect(progressLine('a', { received: 9, total: 3, octetsPerSecond: 1 }, 99)).toContain('100%');
  });

  test('shows no control characters of the name', () => {
    expect(progressLine('\x1b[2J', { received: 1, total: null, octetsPerSecond: 1 }, 99)).toMatch(/^\\x1b\[2J {2}/);
  });

  test('is empty where nothing fits', () => {
    expect(progressLine('a', { received: 1, total: 2, octetsPerSecond: 1 }, -1)).toBe('');
  });
});

test.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1000, '1.0 kB'],
  [999_949, '999.9 kB'],
  [999_950, '1.0 MB'],
  [5e15, '5000.0 TB'],
])('%i octets are %s', (octets, text) => {
  expect(sizeText(octets)).toBe(text);
});

test.each([
  [0, 79, 'which says nothing of itself'],
  [1, 0, 'which has no room'],
  [2, 1, 'which has little'],
])('the bar on a terminal of %i columns takes %i of them', (columns, taken) => {
  const stream = new KeptOutput(true, columns);
  new ProgressBar(stream, 'x'.repeat(40), 1000, () => 0);
  expect(stream.text.slice(1, -CLEAR_REST.length)).toHaveLength(taken);
});

test('the bar is drawn ten times a second at the most, over itself, and leaves the cursor on a line of its own', () => {
  let now = 0;
  const stream = new KeptOutput(true);
  const bar = new ProgressBar(stream, 'a', 1000, () => now);
  for (let received = 1; received <= 1000; received++) {
    now += 1;
    bar.update(received);
  }
  bar.end();
  const drawn = stream.text.split('\r').slice(1);
  expect(drawn).toHaveLength(12);
  expect(drawn.at(-1)).toBe(`a  100%  ${'━'.repeat(40)}  1.0 kB of 1.0 kB  1.0 kB/s${CLEAR_REST}\n`);
  for (const line of drawn.slice(0, -1)) expect(line.endsWith(CLEAR_REST)).toBe(true);
});
