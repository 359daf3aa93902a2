/** Deadlines: each node expires once and in time, whatever the others do meanwhile. */
import { expect, test } from 'vitest';
import { arm, DeadlineNode, Deadlines, disarm } from '../../src/deadlines.js';
import { FakeHost } from '../support/fake-host.js';

class Node extends DeadlineNode {
  readonly expired: number[] = [];

  override onExpire(ms: number): void {
    this.expired.push(ms);
  }
}

test('a node expires once, after its duration, not before', async () => {
  const host = new FakeHost();
  const deadlines = new Deadlines(host);
  const node = new Node();
  arm(node, deadlines.of(50), deadlines.tick());
  await host.advance(49);
  expect(node.expired).toEqual([]);
  await host.advance(1);
  expect(node.expired).toEqual([50]);
  await host.advance(1000);
  expect(node.expired).toEqual([50]);
});

test('arming again starts anew, disarming ends it, in any order of nodes', async () => {
  const host = new FakeHost();
  const deadlines = new Deadlines(host);
  const [first, second, third] = [new Node(), new Node(), new Node()];
  for (const node of [first, second, third]) arm(node, deadlines.of(50), deadlines.tick());
  await host.advance(30);
  arm(first, deadlines.of(50), deadlines.tick());
  disarm(second);
  disarm(second);
  await host.advance(20);
  expect([first, second, third].map((node) => node.expired.length)).toEqual([0, 0, 1]);
  await host.advance(30);
  expect(first.expired).toEqual([50]);
});

test('a deadline beyond what host timers can hold waits its time', async () => {
  const host = new FakeHost();
  const asked: number[] = [];
  const after = host.after.bind(host);
  host.after = (ms, run) => {
    asked.push(ms);
    return after(ms, run);
  };
  const deadlines = new Deadlines(host);
  const node = new Node();
  const ms = 5_000_000_000;
  arm(node, deadlines.of(ms), deadlines.tick());
  await host.advance(2_147_483_647);
  expect(node.expired).toEqual([]);
  await host.advance(ms - 2_147_483_647);
  expect(node.expired).toEqual([ms]);
  expect(Math.max(...asked)).toBeLessThanOrEqual(2_147_483_647);
});

test('arming a node from within an expiry does not delay those behind it', async () => {
  const host = new FakeHost();
  const deadlines = new Deadlines(host);
  const list = deadlines.of(100);
  const [behind, armed] = [new Node(), new Node()];
  const first = new (class extends Node {
    override onExpire(ms: number): void {
      super.onExpire(ms);
      arm(armed, list, deadlines.now);
    }
  })();
  arm(first, list, deadlines.tick());
  await host.advance(10);
  arm(behind, list, deadlines.tick());
  await host.advance(90);
  expect([first, behind, armed].map((node) => node.expired.length)).toEqual([1, 0, 0]);
  await host.advance(9);
  expect(behind.expired).toEqual([]);
  await host.advance(1);
  expect([first, behind, armed].map((node) => node.expired.length)).toEqual([1, 1, 0]);
  await host.advance(90);
  expect(armed.expired).toEqual([100]);
});

test('an expiry that throws takes no other’s deadline away', async () => {
  const host = new FakeHost();
  const deadlines = new Deadlines(host);
  const throwing = new (class extends Node {
    override onExpire(): void {
      throw new Error('mine');
    }
  })();
  const [together, behind] = [new Node(), new Node()];
  arm(throwing, deadlines.of(100), deadlines.tick());
  arm(together, deadlines.of(100), deadlines.tick());
  await host.advance(10);
  arm(behind, deadlines.of(100), deadlines.tick());
  // Whether the host hears of the error is not what is asked here.
  await host.advance(90).catch(() => {});
  await host.advance(9).catch(() => {});
  expect([together, behind].map((node) => node.expired.length)).toEqual([1, 0]);
  await host.advance(1);
  expect(behind.expired).toEqual([100]);
});

test('the process lives for a list while somebody holds it, also when its timer is set anew', async () => {
  const host = new FakeHost();
  const deadlines = new Deadlines(host);
  const list = deadlines.of(50);
  const [first, second] = [new Node(), new Node()];
  arm(first, list, deadlines.tick());
  expect(host.keptAlive).toBe(false);
  await host.advance(20);
  arm(second, list, deadlines.tick());
  list.hold();
  list.hold();
  expect(host.keptAlive).toBe(true);
  await host.advance(30);
  expect([first, second].map((node) => node.expired.length)).toEqual([1, 0]);
  expect(host.keptAlive).toBe(true);
  list.release();
  expect(host.keptAlive).toBe(true);
  list.release();
  expect(host.keptAlive).toBe(false);
  await host.advance(20);
  list.hold();
  arm(first, list, deadlines.tick());
  expect(host.keptAlive).toBe(true);
});
