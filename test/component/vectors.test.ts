/**
 * The public cases against the component under jco. What it says of each must be what the core's flat ABI says, whose verdicts
 * are judged in test/conformance: so the same cases pass, and the same deviations hold.
 */
import { describe, expect, test } from 'vitest';
import { codingCases } from '../conformance/coding-cases.js';
import { allCases, isPresent, type Judged } from '../conformance/h1-cases.js';
import { http2Cases, inputOf } from '../conformance/h2-cases.js';
import { decode, loadDecoders } from '../core/coding/decoding.js';
import {
  COMPONENT_BUILDS,
  type Component,
  type Connection,
  closeReasonOf,
  type Fault,
  fieldsOf,
  loadComponent,
  octets,
  pairsOf,
  refusalOf,
} from '../support/component.js';
import { checkRule, componentLog, EventLog, http1Log, http2Log, type Log } from '../support/component-logs.js';
import { everyOctet, run } from '../support/core-connection.js';
import { loadCore } from '../support/core-module.js';
import { BlockDecoder, hex, loadHpack } from '../support/hpack.js';
import { HOST, type Http2Driver, runHttp2 } from '../support/http2-driver.js';
import { protocolCases, withoutShared } from '../support/shared.js';

const skipped = isPresent ? '' : ` ${withoutShared}`;
/** Larger inputs are given whole alone. */
const CUT_OCTETS_MAX = 2048;
const CODED_OCTETS_MAX = 262_144;
/** The build with assertions takes long: it gets small contents, and each so-manieth story. */
const DEBUG_CONTENT_OCTETS_MAX = 4096;
const DEBUG_STORIES = 8;
/** What is given to HTTP/2 at a time, so that credit goes back meanwhile. */
const PIECE_OCTETS = 16_384;
const CODINGS: Readonly<Record<number, string>> = {
  1: 'gzip',
  2: 'deflate',
  3: 'deflate-raw',
  4: 'zlib',
  5: 'br',
  6: 'zstd',
};

/** What an HTTP/2 script makes of a connection of the component; all content is released as it comes. */
function http2Of(component: Component, one: NonNullable<typeof http2Cases>[number], pieceOctets: number): Log {
  const limits = { octets: 65536, fields: 256, interim: 16 };
  using connection: Connection = new component.connections.Connection('http2', limits);
  const log = new EventLog(true);
  for (const { method, path, body_hex: body, end_stream: ends } of one.requests) {
    const stream = connection.open({
      method: octets(method),
      target: octets(path),
      scheme: 'https',
      fields: fieldsOf([['Host', 'example.org']]),
      isComplete: body === undefined,
    });
    connection.takeOutput();
    if (body === undefined) continue;
    let left = body.length / 2;
    for (let sent = -1; left > 0 && sent !== 0; left -= sent) {
      sent = connection.send(stream, left);
      connection.takeOutput();
    }
    if (left === 0 && ends !== false) connection.end(stream, []);
  }
  const { octets: input, closes } = inputOf(one);
  for (let at = 0; at < input.length; at += pieceOctets) {
    const events = connection.receive(input.subarray(at, at + pieceOctets), 0);
    for (const { tag, val } of events) if (tag === 'data') connection.release(val.stream, val.octets.length);
    connection.takeOutput();
    log.add(events);
  }
  if (closes) log.add(connection.receiveEnd());
  return { lines: log.lines, closeReason: closeReasonOf(connection.closeReason()) };
}

/** The same by the flat ABI. */
function flatHttp2Of(one: NonNullable<typeof http2Cases>[number], core: ReturnType<typeof loadCore>): Log {
  const { octets: input, closes } = inputOf(one);
  const cuts = Array.from({ length: Math.ceil(input.length / PIECE_OCTETS) - 1 }, (_, i) => (i + 1) * PIECE_OCTETS);
  const start = (driver: Http2Driver): void => {
    for (const { method, path, body_hex: body, end_stream: ends } of one.requests) {
      const stream = driver.open(method, path, HOST, body === undefined ? undefined : 0);
      if (body === undefined) continue;
      const sent = driver.send(stream, 'x'.repeat(body.length / 2));
      if (sent === body.length / 2 && ends !== false) driver.end(stream);
    }
  };
  const end = (driver: Http2Driver): void => {
    if (closes) driver.close();
  };
  const { log, closeReason } = runHttp2(core, input, start, cuts, end);
  return http2Log(log, closeReason);
}

/** Rule and content of a coded input that is given in pieces. */
function decoded({ codings }: Component, coding: number, input: Uint8Array, pieceOctets: number) {
  using decoder = new codings.ContentDecoder(CODINGS[coding] as string, {});
  const pieces: Uint8Array[] = [];
  for (let from = 0; from < input.length; from += pieceOctets) {
    const piece = input.subarray(from, from + pieceOctets);
    for (let at = 0, more = true; more; ) {
      const { octets: made, taken, progress } = decoder.decode(piece.subarray(at));
      pieces.push(made);
      at += taken;
      more = progress.tag === 'has-output';
      if (progress.tag === 'broken') {
        checkRule(progress.val.rule, progress.val.number);
        return { rule: progress.val.number, octets: Buffer.concat(pieces) };
      }
    }
  }
  let rule = 0;
  try {
    decoder.end();
  } catch (error) {
    rule = ((error as { readonly payload: Fault }).payload as Fault).number;
  }
  return { rule, octets: Buffer.concat(pieces) };
}

describe.skipIf(!isPresent).each(COMPONENT_BUILDS)(`public cases, component build %s${skipped}`, async (build) => {
  const component = isPresent ? await loadComponent(build) : (null as unknown as Component);

  test('HTTP/1.1: it says what the flat ABI says, whole and an octet at a time', { timeout: 300_000 }, () => {
    const core = loadCore('release');
    const judged = allCases().filter((one): one is Judged => 'judge' in one);
    for (const { id, input, exchange } of judged) {
      const wanted = http1Log(run(core, input, exchange), exchange.role);
      expect(componentLog(component, input, exchange), id).toEqual(wanted);
      if (input.length > CUT_OCTETS_MAX || build !== 'release') continue;
      expect(componentLog(component, input, exchange, everyOctet(input)), `${id}, cut`).toEqual(wanted);
    }
    expect(judged.length).toBeGreaterThan(500);
    expect(component.memory.liveOctets()).toBe(0);
  });

  test('HTTP/2: it says what the flat ABI says, whole and in pieces', { timeout: 300_000 }, () => {
    const core = loadCore('release');
    const cases = http2Cases ?? [];
    for (const one of cases) {
      const wanted = flatHttp2Of(one, core);
      expect(http2Of(component, one, PIECE_OCTETS), one.id).toEqual(wanted);
      if (inputOf(one).octets.length <= PIECE_OCTETS)
        expect(http2Of(component, one, 7), `${one.id}, cut`).toEqual(wanted);
    }
    expect(cases.length).toBeGreaterThan(50);
    expect(component.memory.liveOctets()).toBe(0);
  });

  test('HPACK: stories decode to the same fields, bad blocks break the same rules', { timeout: 300_000 }, () => {
    const core = loadHpack('release');
    const stories = protocolCases<{
      readonly id: string;
      readonly blocks: readonly { wire: string; max_table_size?: number }[];
    }>('hpack-stories');
    const played = (stories ?? []).filter((_, i) => build === 'release' || i % DEBUG_STORIES === 0);
    for (const { id, blocks } of played) {
      const tableOctets = blocks[0]?.max_table_size ?? 4096;
      const flat = new BlockDecoder(core, { tableOctets });
      using decoder = new component.hpack.FieldDecoder({ tableOctets, listOctets: 65536, fields: 1024 });
      for (const [index, { wire, max_table_size: size }] of blocks.entries()) {
        if (size !== undefined && index > 0) {
          flat.allow(size);
          decoder.allow(size);
        }
        const { fields } = flat.decode(hex(wire));
        expect(pairsOf(decoder.decode(hex(wire))), `${id}, block ${index}`).toEqual(
          fields.map(({ name, value }) => [name, value]),
        );
      }
      flat.free();
    }
    const bad = protocolCases<{ readonly id: string; readonly blocks: readonly string[] }>('hpack-bad');
    for (const { id, blocks } of bad ?? []) {
      const flat = new BlockDecoder(core, { fields: 256 });
      using decoder = new component.hpack.FieldDecoder({ tableOctets: 4096, listOctets: 65536, fields: 256 });
      for (const block of blocks.filter((one) => !one.startsWith('S')).map((one) => hex(one).subarray(0, 65_504))) {
        const { rule } = flat.decode(block);
        if (rule === 0) decoder.decode(block);
        else expect((refusalOf(() => decoder.decode(block)) as Fault).number, id).toBe(rule);
        if (rule !== 0) break;
      }
      flat.free();
    }
    expect(stories?.length).toBeGreaterThan(10);
    expect(bad?.length).toBeGreaterThan(10);
    expect(component.memory.liveOctets()).toBe(0);
  });

  test.each([
    ['coding-deflate', 'core'],
    ['coding-brotli', 'codings'],
    ['coding-zstd', 'codings'],
  ] as const)('%s: each case decodes to the same, or breaks the same rule', { timeout: 300_000 }, (name, module) => {
    const core = loadDecoders('release', module);
    const cases = (codingCases(name) ?? []).filter(({ input }) => input.length < CODED_OCTETS_MAX);
    for (const { id, coding, input } of cases) {
      const wanted = decode(core, coding, input);
      if (build === 'debug' && wanted.octets.length > DEBUG_CONTENT_OCTETS_MAX) continue;
      for (const pieceOctets of [100_000, 1000]) {
        const found = decoded(component, coding, input, pieceOctets);
        expect(found.rule, id).toBe(wanted.rule);
        expect(Buffer.compare(found.octets, wanted.octets), id).toBe(0);
      }
    }
    expect(cases.length).toBeGreaterThan(50);
    expect(component.memory.liveOctets()).toBe(0);
  });
});
