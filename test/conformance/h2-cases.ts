/** The public HTTP/2 scripts for clients, and how each is judged by what came of it. */
import { createHash } from 'node:crypto';
import * as abi from '../../assembly/abi.js';
import { HOST, type Http2Driver, type Http2Entry, type Http2Outcome } from '../support/http2-driver.js';
import { protocolCases } from '../support/shared.js';

type Step = string | { readonly hex: string; readonly repeat: number } | { readonly close: true };

interface Expected {
  readonly type: string;
  readonly stream?: number;
  readonly status?: number;
  readonly body_hex?: string;
  readonly body_sha256?: string;
  readonly body_len?: number;
  readonly headers?: readonly (readonly [string, string])[];
  readonly trailers?: readonly (readonly [string, string])[];
  readonly codes?: readonly number[];
  readonly code?: number;
  readonly ping_ack?: string;
  readonly settings_acks?: number;
  readonly connection?: string;
}

export interface Http2Case {
  readonly id: string;
  readonly requests: readonly {
    readonly method: string;
    readonly path: string;
    readonly body_hex?: string;
    readonly end_stream?: boolean;
  }[];
  readonly server_preface: string;
  readonly after_requests: readonly Step[];
  readonly expect: Expected;
}

export const http2Cases: readonly Http2Case[] | null = protocolCases<Http2Case>('h2-client-conformance');

/** All that the peer sends, and whether it closes then. */
export function inputOf(one: Http2Case): { readonly octets: Uint8Array; readonly closes: boolean } {
  const pieces = [Buffer.from(one.server_preface, 'hex')];
  let closes = false;
  for (const step of one.after_requests) {
    if (typeof step === 'string') pieces.push(Buffer.from(step, 'hex'));
    else if ('close' in step) closes = true;
    else pieces.push(Buffer.alloc((step.hex.length / 2) * step.repeat, Buffer.from(step.hex, 'hex')));
  }
  return { octets: Uint8Array.from(Buffer.concat(pieces)), closes };
}

/** Makes the requests of the case; bodies go as far as windows let them. */
export function begin(one: Http2Case, driver: Http2Driver): void {
  for (const { method, path, body_hex: hex, end_stream: ends } of one.requests) {
    const body = Buffer.from(hex ?? '', 'hex').toString('latin1');
    const isWhole = hex === undefined;
    const stream = driver.open(method, path, HOST, isWhole ? abi.OPEN_END_STREAM : 0);
    if (isWhole) continue;
    const sent = driver.send(stream, body);
    if (sent === body.length && ends !== false) driver.end(stream);
  }
}

type EntryOf<K extends Http2Entry['kind']> = Http2Entry & { readonly kind: K };

const entriesOf = <K extends Http2Entry['kind']>(log: readonly Http2Entry[], kind: K): EntryOf<K>[] =>
  log.filter((entry): entry is EntryOf<K> => entry.kind === kind);

const isOf =
  (stream: number) =>
  (entry: { readonly stream: number }): boolean =>
    entry.stream === stream;

/** The error code of GOAWAY that was written, or `null`. */
export function goawayOf({ frames }: Http2Outcome): number | null {
  const frame = frames.find(({ type }) => type === 7);
  return frame === undefined ? null : Number.parseInt(frame.payload.slice(8, 16), 16);
}

/** The error code of the RST_STREAM that was written, or `null`. */
export function resetOf({ frames }: Http2Outcome, stream: number): number | null {
  const frame = frames.find((one) => one.type === 3 && one.stream === stream);
  return frame === undefined ? null : Number.parseInt(frame.payload, 16);
}

function judgeOk(expected: Expected, outcome: Http2Outcome): string | null {
  const { log, frames } = outcome;
  const stream = expected.stream ?? 1;
  const goaway = goawayOf(outcome);
  if (goaway !== null) return `GOAWAY ${goaway}`;
  const head = entriesOf(log, 'head').find(isOf(stream));
  if (head === undefined || head.status !== expected.status) return `status ${head?.status}`;
  const end = entriesOf(log, 'end').find(isOf(stream));
  if (end === undefined) return 'the response did not end';
  const content = Buffer.from(
    entriesOf(log, 'content')
      .filter(isOf(stream))
      .map(({ octets }) => octets)
      .join(''),
    'latin1',
  );
  if (expected.body_hex !== undefined && content.toString('hex') !== expected.body_hex) return 'another body';
  if (expected.body_len !== undefined && content.length !== expected.body_len)
    return `${content.length} octets of body`;
  const digest = createHash('sha256').update(content).digest('hex');
  if (expected.body_sha256 !== undefined && digest !== expected.body_sha256) return 'another body';
  for (const [name, value] of expected.headers ?? []) {
    if (!head.fields.some((field) => field[0] === name && field[1] === value)) return `no field ${name}`;
  }
  for (const [name, value] of expected.trailers ?? []) {
    if (!end.trailers.some((field) => field[0] === name && field[1] === value)) return `no trailer ${name}`;
  }
  const pings = frames.filter(({ type, flags }) => type === 6 && flags === 1);
  if (expected.ping_ack !== undefined && pings[0]?.payload !== expected.ping_ack) return 'PING was not answered';
  const acks = frames.filter(({ type, flags }) => type === 4 && flags === 1).length;
  if (expected.settings_acks !== undefined && acks !== expected.settings_acks) return `${acks} acknowledgements`;
  return null;
}

/** What ended the stream but its own end. */
function failureOf(outcome: Http2Outcome, stream: number): string | null {
  const { log } = outcome;
  if (entriesOf(log, 'reset').some(isOf(stream))) return 'reset';
  if (entriesOf(log, 'stream error').some(isOf(stream))) return 'stream error';
  if (entriesOf(log, 'error').length > 0) return 'error';
  return null;
}

/** What differs from what the case expects, or `null`. */
export function judge(one: Http2Case, outcome: Http2Outcome): string | null {
  const { expect } = one;
  const stream = expect.stream ?? 1;
  const goaway = goawayOf(outcome);
  const reset = resetOf(outcome, stream);
  const codes = expect.codes ?? (expect.code === undefined ? [] : [expect.code]);
  const isListed = (code: number | null): boolean => code !== null && codes.includes(code);
  switch (expect.type) {
    case 'ok':
      return judgeOk(expect, outcome);
    case 'connection_error':
      return isListed(goaway) ? null : `GOAWAY ${goaway}`;
    case 'stream_error':
      return goaway === null && isListed(reset) ? null : `GOAWAY ${goaway}, RST_STREAM ${reset}`;
    case 'stream_or_connection_error':
      return isListed(goaway) || (goaway === null && isListed(reset)) ? null : `GOAWAY ${goaway}, RST_STREAM ${reset}`;
    case 'request_fails':
    case 'body_fails': {
      const failure = failureOf(outcome, stream);
      if (failure === null) return 'the request did not fail';
      if (expect.connection === 'open' && goaway !== null) return `GOAWAY ${goaway}`;
      return null;
    }
    case 'limit':
      return isListed(goaway) || isListed(reset) ? null : `GOAWAY ${goaway}, RST_STREAM ${reset}`;
    case 'limit-or-ok':
      return goaway === null || goaway === abi.H2_ENHANCE_YOUR_CALM ? null : `GOAWAY ${goaway}`;
    default:
      return null;
  }
}
