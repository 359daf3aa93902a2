/** The line of those who wait for the pool: the same as an array, however long it is and whoever leaves. */
import { expect, test } from 'vitest';
import { Line } from '../../src/pool-waiter.js';

test('a line is an array whose first leaves', () => {
  const line = new Line<number>();
  const array: number[] = [];
  let state = 1;
  const below = (limit: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % limit;
  };
  const leave = (item: number): void => {
    const index = array.indexOf(item);
    if (index >= 0) array.splice(index, 1);
    expect(line.remove(item)).toBe(index >= 0);
  };
  for (let item = 0; item < 20000; item++) {
    const act = below(100);
    // First it grows, then it shrinks: what has left is forgotten on the way.
    if (act < (item < 8000 ? 70 : 30)) {
      line.push(item);
      array.push(item);
    } else if (act < 95) leave(array[0] ?? -1);
    else if (act < 98) leave(array[below(array.length + 1)] ?? -1);
    else {
      line.unshift(item);
      array.unshift(item);
    }
    expect(line.first).toBe(array[0]);
    expect(line.length).toBe(array.length);
    if (item % 1000 === 0) expect(line.all()).toEqual(array);
  }
  expect(line.all()).toEqual(array);
});
