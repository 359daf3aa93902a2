/**
 * Credit (RFC 9113 §5.2, §6.9): when a stream gets it, and when the connection; what is let come of content that nobody reads,
 * and that it holds up nobody who does.
 */
import { describe, expect, test } from 'vitest';
import * as abi from '../../../assembly/abi.js';
import { loadCore } from '../../support/core-module.js';
import { GreedyPeer } from '../../support/greedy-peer.js';
import { Http2Driver } from '../../support/http2-driver.js';
import * as f from '../../support/http2-frames.js';

const core = loadCore('release');
const MEBIBYTE = 1024 * 1024;
const CONTENT_OCTETS_MAX = abi.HTTP2_UNRELEASED_OCTETS_MAX + abi.HTTP2_WINDOW_OCTETS;

describe('credit', () => {
  const increments = (driver: Http2Driver, id: number): number[] =>
    driver.frames
      .filter(({ type, stream }) => type === f.TYPE.windowUpdate && stream === id)
      .map(({ payload }) => Number.parseInt(payload, 16));

  test('a stream gets it when its content is released, the connection when it comes', () => {
    const driver = new Http2Driver(core);
    driver.feed(f.hello());
    driver.open();
    driver.open();
    driver.releases = false;
    driver.feed(Buffer.concat([f.head(1, 200), f.head(3, 200)]));
    const frames = f.times(150, f.data(1, 'x'.repeat(16384)));
    driver.feed(frames);
    driver.feed(f.times(250, f.data(3, 'x'.repeat(16384))));
    expect([increments(driver, 1), increments(driver, 3)]).toEqual([[], []]);
    expect(increments(driver, 0).slice(1)).toHaveLength(0);
    driver.feed(f.times(100, f.data(1, 'x'.repeat(16384))));
    driver.feed(f.times(12, f.data(3, 'x')));
    expect(increments(driver, 0).slice(1)).toHaveLength(0);
    driver.feed(f.data(1, 'x'.repeat(16384)));
    driver.feed(f.times(12, f.data(1, 'x'.repeat(2048))));
    expect(increments(driver, 0).slice(1)).toHaveLength(0);
    driver.release(1, 3_000_000);
    expect(increments(driver, 1)).toEqual([3_000_000]);
    driver.free();
  });

  test('no round body ends where the window of its stream does', () => {
    const driver = new Http2Driver(core);
    driver.flush();
    const settings = driver.frames[0]?.payload.match(/.{12}/g) ?? [];
    const window = settings.map((setting) => Number.parseInt(setting, 16)).find((value) => value >= 4 * 2 ** 32);
    expect(window).toBe(4 * 2 ** 32 + abi.HTTP2_STREAM_WINDOW_OCTETS);
    expect(abi.HTTP2_STREAM_WINDOW_OCTETS % 2).toBe(1);
    driver.free();
  });

  /** A connection with 44 MiB that nobody has read, in eleven streams, and a twelfth. */
  function loaded(): { driver: Http2Driver; reader: number } {
    const driver = new Http2Driver(core);
    driver.feed(f.hello());
    driver.releases = false;
    const frames = f.times(256, f.data(0, 'x'.repeat(16384)));
    for (let i = 0; i < 12; i++) {
      const stream = driver.open();
      driver.feed(f.head(stream, 200));
      if (i === 11) break;
      for (let at = 0; at < frames.length; at += 9 + 16384) frames.writeUInt32BE(stream, at + 5);
      driver.feed(frames);
    }
    driver.log.length = 0;
    return { driver, reader: 23 };
  }

  test('while more than 32 MiB wait unread, who reads goes on in what is left of the window', () => {
    const { driver, reader } = loaded();
    const before = increments(driver, 0).length;
    driver.releases = true;
    for (let i = 0; i < 64; i++) driver.feed(f.times(64, f.data(reader, 'x'.repeat(16384))));
    expect(driver.closeReason).toBe(abi.CLOSE_NONE);
    const credit = increments(driver, 0).slice(before);
    expect(credit.length).toBeLessThanOrEqual(64);
    expect(Math.min(...credit)).toBeGreaterThanOrEqual(1024 * 1024);
    driver.free();
  });

  test('a reader that gave up waits no longer', () => {
    const { driver, reader } = loaded();
    driver.want(reader);
    driver.cancel(reader);
    for (let i = 0; i < 5 && driver.closeReason === abi.CLOSE_NONE; i++) {
      const stream = driver.open();
      driver.feed(Buffer.concat([f.head(stream, 200), f.times(256, f.data(stream, 'x'.repeat(16384)))]));
    }
    expect(driver.log.at(-1)).toMatchObject({ kind: 'error', code: abi.H2_FLOW_CONTROL_ERROR });
    driver.free();
  });

  test('padding is not withheld, since nobody will release it', () => {
    const { driver, reader } = loaded();
    driver.releases = true;
    driver.feed(f.times(40_000, f.paddedData(reader, 'x', 255)));
    expect(driver.closeReason).toBe(abi.CLOSE_NONE);
    driver.free();
  });

  test('what was withheld is given back when less than 32 MiB are left', () => {
    const { driver } = loaded();
    const all = (): number => increments(driver, 0).reduce((sum, octets) => sum + octets, 65535);
    const granted = all();
    for (let stream = 1; stream < 7; stream += 2) driver.release(stream, 4 * 1024 * 1024);
    expect(all() - granted).toBeLessThan(13 * 1024 * 1024);
    driver.release(7, 1024);
    expect(all()).toBeGreaterThan(52 * 1024 * 1024);
    driver.free();
  });
});

describe('what nobody reads of many streams', () => {
  const NARROW = abi.HTTP2_NARROW_WINDOW_OCTETS;

  /** 120 streams that nobody reads, of a peer that has sent what it may, and one of which so much was read before. */
  function crowd(acknowledges = true, readBefore = 0) {
    const driver = new Http2Driver(core);
    const peer = new GreedyPeer();
    driver.feed(f.hello([f.SETTING.maxConcurrentStreams, 1000]));
    driver.releases = false;
    const streams = Array.from({ length: 121 }, () => driver.open());
    for (const stream of streams) driver.feed(f.head(stream, 200));
    const reader = streams[60] as number;
    const unread = streams.filter((stream) => stream !== reader);
    // What it says first is for the SETTINGS that every connection begins with, and has been said.
    peer.hear(driver.frames);
    peer.acknowledges = acknowledges;
    const give = (octets: Buffer) => {
      driver.feed(octets);
      driver.log.length = 0;
    };
    give(peer.say([reader], readBefore));
    driver.release(reader, readBefore);
    for (let octets = peer.say(unread); octets.length > 0; octets = peer.say(unread)) {
      give(octets);
      give(peer.hear(driver.frames));
    }
    return { driver, peer, reader, unread, give };
  }

  /** One who waits for content, and takes what comes: how many octets that were in so many rounds; what was unread then. */
  function read({ driver, peer, reader, unread, give }: ReturnType<typeof crowd>, rounds: number) {
    let taken = 0;
    for (let round = 0; round < rounds; round++) {
      driver.want(reader);
      give(peer.hear(driver.frames));
      give(peer.hear(driver.frames));
      give(peer.say(unread));
      const before = peer.sent;
      give(peer.say([reader]));
      driver.release(reader, peer.sent - before);
      taken += peer.sent - before;
    }
    return { taken, left: peer.sent - taken };
  }

  test('comes up to 48 MiB, and a narrow window of each stream while another is read, which goes on', () => {
    const all = crowd();
    const { driver, peer, unread } = all;
    expect(peer.sent).toBeGreaterThan(abi.HTTP2_UNRELEASED_OCTETS_MAX);
    expect(peer.sent).toBeLessThanOrEqual(CONTENT_OCTETS_MAX);
    const { taken, left } = read(all, 500);
    expect(taken).toBeGreaterThan(100 * NARROW);
    expect(left).toBeLessThanOrEqual(CONTENT_OCTETS_MAX + unread.length * NARROW);
    expect(driver.closeReason).toBe(abi.CLOSE_NONE);
    driver.free();
  });

  test('holds up nobody who had read while windows were wide, and was not given all that credit yet', () => {
    const all = crowd(true, MEBIBYTE);
    expect(read(all, 100).taken).toBeGreaterThan(20 * NARROW);
    all.driver.free();
  });

  test('comes up to 48 MiB of a peer that never says that its streams have narrow windows', () => {
    const all = crowd(false);
    const { taken, left } = read(all, 50);
    expect([taken, left]).toEqual([0, CONTENT_OCTETS_MAX]);
    all.driver.free();
  });

  test('ends the stream of a peer that says so, and does not keep to it', () => {
    const { driver, unread } = crowd();
    driver.want(unread.at(-1) as number);
    driver.feed(f.data(unread[0] as number, 'x'));
    expect(driver.log.at(-1)).toMatchObject({
      kind: 'stream error',
      stream: unread[0],
      code: abi.H2_FLOW_CONTROL_ERROR,
    });
    driver.free();
  });

  test('gives streams their wide windows again once it is read, those that are open as well', () => {
    const { driver, peer, reader, unread, give } = crowd();
    let taken = 0;
    for (let i = 0; peer.sent - taken >= abi.HTTP2_UNRELEASED_OCTETS_EASY; i++) {
      driver.release(unread[i] as number, 4 * MEBIBYTE);
      taken += 4 * MEBIBYTE;
    }
    give(peer.hear(driver.frames));
    const before = peer.sent;
    give(peer.say([reader]));
    expect(peer.sent - before).toBe(abi.HTTP2_STREAM_WINDOW_OCTETS);
    give(peer.hear(driver.frames));
    const next = driver.open();
    driver.feed(f.head(next, 200));
    peer.hear(driver.frames);
    const further = peer.sent;
    give(peer.say([next]));
    expect(peer.sent - further).toBe(abi.HTTP2_STREAM_WINDOW_OCTETS);
    expect(driver.closeReason).toBe(abi.CLOSE_NONE);
    driver.free();
  });

  test('is reckoned anew when the peer acknowledges late', () => {
    const { driver, unread } = crowd(false);
    const asked = (): number[] =>
      driver.frames
        .filter(({ type, flags }) => type === f.TYPE.settings && flags === 0)
        .map(({ payload }) => Number.parseInt(payload.slice(4), 16));
    for (const stream of unread) driver.release(stream, 4 * MEBIBYTE);
    expect(asked().slice(1)).toEqual([NARROW]);
    driver.feed(f.settingsAck());
    expect(asked().slice(1)).toEqual([NARROW, abi.HTTP2_STREAM_WINDOW_OCTETS]);
    driver.free();
  });
});
