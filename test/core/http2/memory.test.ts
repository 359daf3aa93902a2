/**
 * Want of memory, at every allocation of a whole conversation: an error is said once, nothing traps, nothing is left behind
 * (curl's torture tests); and what a host does at the wrong moment.
 */
import { describe, expect, test } from 'vitest';
import * as abi from '../../../assembly/abi.js';
import { BUILDS, type Core, loadCore } from '../../support/core-module.js';
import { HOST, Http2Driver } from '../../support/http2-driver.js';
import * as f from '../../support/http2-frames.js';

const fields: readonly f.FieldPair[] = Array.from({ length: 40 }, (_, i) => [`x-${i}`, 'y'.repeat(100)]);

/** Uploads, downloads, trailers, interim heads, blocks in pieces, resets: whatever takes memory. */
function converse(driver: Http2Driver): void {
  driver.feed(f.hello([f.SETTING.initialWindowSize, 100_000]));
  driver.open('POST', '/', `${HOST}X: ${'z'.repeat(30_000)}\r\n`, 0);
  driver.open('GET', '/');
  driver.open('GET', '/');
  driver.send(1, 'x'.repeat(70_000));
  driver.feed(Buffer.concat([f.windowUpdate(0, 1_000_000), f.ping('12345678'), f.head(3, 103, fields)]));
  driver.feed(f.fragmented(3, [[':status', '200'], ...fields], 1000));
  for (let i = 0; i < 200; i++) driver.feed(f.data(3, 'x'.repeat(16384)));
  driver.feed(f.headers(3, f.block(fields, true), f.END_STREAM));
  driver.end(1, `X-Sum: ${'z'.repeat(5000)}\r\n`);
  driver.feed(Buffer.concat([f.head(1, 200), f.headers(5, [[':status', 'no']])]));
  driver.cancel(1);
  driver.close();
}

describe.each(BUILDS)('build %s', (build) => {
  test('each allocation that fails is one error, and nothing stays', { timeout: 60_000 }, () => {
    const core = loadCore(build);
    let failures = 0;
    for (let n = 0; ; n++) {
      core.failAllocationsAfter(n);
      const driver = new Http2Driver(core);
      if (driver.handle === 0) {
        expect(core.liveOctets()).toBe(0);
        continue;
      }
      converse(driver);
      core.failAllocationsAfter(-1);
      const errors = driver.log.filter(({ kind }) => kind === 'error');
      expect(errors.length).toBeLessThanOrEqual(1);
      const failed = errors.some((entry) => entry.kind === 'error' && entry.rule === abi.RULE_MEMORY);
      if (failed) {
        failures++;
        expect(driver.placesFree).toBe(0);
        expect(driver.open()).toBe(0);
      }
      const isWhole = driver.log.some((entry) => entry.kind === 'end' && entry.stream === 3) && !failed;
      driver.free();
      expect(core.liveOctets()).toBe(0);
      // No allocation of this run was the one that fails.
      if (isWhole && n > 100) break;
    }
    expect(failures).toBeGreaterThan(10);
  });

  test('calls for streams and connections that are not there do nothing', () => {
    const core = loadCore(build);
    const driver = new Http2Driver(core);
    for (const stream of [0, 1, 2, 7, 0xffffffff]) {
      expect([driver.send(stream, 'x'), driver.end(stream)]).toEqual([0, 0]);
      driver.release(stream, 10);
      driver.cancel(stream);
    }
    expect(core.connectionPassed(driver.handle)).toBe(0);
    driver.feed(f.frame(f.TYPE.ping, 0, 0, '1'));
    expect(driver.log).toHaveLength(1);
    driver.feed(f.hello());
    driver.close();
    expect([driver.log.length, driver.open(), driver.placesFree]).toEqual([1, 0, 0]);
    driver.free();
    expect(core.liveOctets()).toBe(0);
    expect(noConnection(core)).toEqual(new Array(10).fill(0));
  });
});

/** What calls answer for handle 0. */
function noConnection(core: Core): number[] {
  core.connectionRelease(0, 1, 1);
  core.connectionCancel(0, 1);
  core.connectionGoAway(0);
  core.connectionWant(0, 1);
  return [
    core.connectionOpen(0, 0, 0, 0),
    core.connectionSend(0, 1, 1),
    core.connectionEnd(0, 1, 0, 0),
    core.connectionReceiveAt(0, 0, 0, 0),
    core.connectionPassed(0),
    core.connectionReceiveEnd(0),
    core.connectionTakeOutput(0),
    core.connectionPlacesFree(0),
    core.connectionCanConnectProtocol(0),
    core.connectionCloseReason(0),
  ];
}
