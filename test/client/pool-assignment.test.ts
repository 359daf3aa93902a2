/** Who of those that wait gets a place, or leave to connect: `assign` as a table. */
import { describe, expect, test } from 'vitest';
import { type Assignment, assign, type Offer, type PoolState, type Wish } from '../../src/pool-assignment.js';

const many = Number.POSITIVE_INFINITY;
const wants = (site: string, expects = 1, after = -1): Wish<string> => ({ site, after, expects });
const idle = (site: string, number = 0, places = 1): Offer<string> => ({
  site,
  number,
  places,
  idle: true,
  paused: false,
});
const busy = (site: string, places: number, number = 0): Offer<string> => ({
  site,
  number,
  places,
  idle: false,
  paused: false,
});
const paused = (site: string, number = 0): Offer<string> => ({ ...idle(site, number, 0), paused: true });
const take = (waiter: number, offer: number): Assignment => ({ waiter, take: offer, close: null });
const connect = (waiter: number, close: number | null = null): Assignment => ({ waiter, take: null, close });

interface Row {
  readonly waiting: readonly Wish<string>[];
  readonly offers?: readonly Offer<string>[];
  readonly coming?: readonly (readonly [string, number])[];
  readonly total?: number;
  readonly max?: number | null;
}

function assigned({ waiting, offers = [], coming = [], total = offers.length, max = null }: Row) {
  const state: PoolState<string> = { waiting, offers, coming: new Map(coming), total, maxConnections: max };
  return assign(state);
}

describe('connections whose peer takes nothing for now', () => {
  const rows: readonly (readonly [string, Row, readonly Assignment[]])[] = [
    ['are waited for', { waiting: [wants('a'), wants('a', many)], offers: [paused('a')] }, []],
    ['not by other sites', { waiting: [wants('a'), wants('b')], offers: [paused('a')] }, [connect(1)]],
    [
      'not by who wants a later one',
      { waiting: [wants('a', 1, 3), wants('a', 1, 2)], offers: [paused('a', 3)] },
      [connect(0)],
    ],
    [
      'nor where another has a place',
      { waiting: [wants('a'), wants('a')], offers: [paused('a'), busy('a', 1, 1)] },
      [take(0, 1)],
    ],
    ['are closed for another site, if idle', { waiting: [wants('b')], offers: [paused('a')], max: 1 }, [connect(0, 0)]],
  ];

  test.each(rows)('%s', (_name, row, expected) => {
    expect(assigned(row)).toEqual(expected);
  });
});

describe('connections of one place', () => {
  const rows: readonly (readonly [string, Row, readonly Assignment[]])[] = [
    ['nobody waits: nothing happens', { waiting: [], offers: [idle('a')] }, []],
    [
      'an idle connection of the site is taken',
      { waiting: [wants('a')], offers: [idle('b'), idle('a')] },
      [take(0, 1)],
    ],
    [
      'one idle connection serves one',
      { waiting: [wants('a'), wants('a')], offers: [idle('a')] },
      [take(0, 0), connect(1)],
    ],
    ['without one there is leave to connect', { waiting: [wants('a')], offers: [idle('b')] }, [connect(0)]],
    ['a full pool closes another’s idle one', { waiting: [wants('a')], offers: [idle('b')], max: 1 }, [connect(0, 0)]],
    [
      'the longest idle one is closed',
      { waiting: [wants('a')], offers: [idle('b'), idle('c')], max: 2 },
      [connect(0, 0)],
    ],
    [
      'one that is taken is not closed',
      { waiting: [wants('b'), wants('a')], offers: [idle('b')], max: 1 },
      [take(0, 0)],
    ],
    [
      'one that is closed is not taken',
      { waiting: [wants('a'), wants('b')], offers: [idle('b')], max: 1 },
      [connect(0, 0)],
    ],
    ['a full pool in use serves nobody', { waiting: [wants('a'), wants('b')], total: 2, max: 2 }, []],
    ['room is given in order', { waiting: [wants('a'), wants('b')], total: 1, max: 2 }, [connect(0)]],
    [
      'who wants a later one does not get an earlier',
      { waiting: [wants('a', 1, 3)], offers: [idle('a', 3)] },
      [connect(0)],
    ],
    ['a later one will do', { waiting: [wants('a', 1, 3)], offers: [idle('a', 4)] }, [take(0, 0)]],
  ];
  test.each(rows)('%s', (_name, row, expected) => {
    expect(assigned(row)).toEqual(expected);
  });
});

describe('connections of many places', () => {
  const rows: readonly (readonly [string, Row, readonly Assignment[]])[] = [
    [
      'each place serves one',
      { waiting: [wants('a', 2), wants('a', 2), wants('a', 2)], offers: [busy('a', 2)], max: 1 },
      [take(0, 0), take(1, 0)],
    ],
    ['one in use is no victim', { waiting: [wants('b')], offers: [busy('a', 9)], max: 1 }, []],
    [
      'a place is taken behind one who cannot be served',
      { waiting: [wants('b'), wants('a', 9)], offers: [busy('a', 9)], max: 1 },
      [take(1, 0)],
    ],
    ['who waits for a connection that is coming waits on', { waiting: [wants('a', many)], coming: [['a', many]] }, []],
    [
      'those whom its places will not serve connect',
      { waiting: [wants('a', 2), wants('a', 2), wants('a', 2)], coming: [['a', 1]] },
      [connect(1)],
    ],
    ['the first of a burst connects for all', { waiting: [wants('a', many), wants('a', many)] }, [connect(0)]],
    [
      'the first of each burst',
      { waiting: [wants('a', many), wants('b', many), wants('a', many), wants('b', many)] },
      [connect(0), connect(1)],
    ],
    [
      'as many connect as the peer’s limit asks for',
      { waiting: Array.from({ length: 5 }, () => wants('a', 2)) },
      [connect(0), connect(2), connect(4)],
    ],
    [
      'an idle one that is taken serves others too',
      { waiting: [wants('a', 3), wants('a', 3)], offers: [idle('a', 0, 3)] },
      [take(0, 0), take(1, 0)],
    ],
    [
      'an idle one of which a place was taken is not closed',
      { waiting: [wants('a', 3), wants('b')], offers: [idle('a', 0, 3)], max: 1 },
      [take(0, 0)],
    ],
  ];
  test.each(rows)('%s', (_name, row, expected) => {
    expect(assigned(row)).toEqual(expected);
  });
});
