/**
 * Single frames of HTTP/2, each given to a connection whose first stream is receiving content. A frame of a stream that no
 * client can have open is put on that one, if it is to be understood; one that is to be refused is left as it is.
 */
import type { Core } from '../support/core-module.js';
import { Http2Driver } from '../support/http2-driver.js';
import { head, hello } from '../support/http2-frames.js';
import { protocolCases } from '../support/shared.js';
import { goawayOf, resetOf } from './h2-cases.js';

interface Payload {
  readonly data?: string;
  readonly error_code?: number;
  readonly last_stream_id?: number;
  readonly settings?: readonly (readonly [number, number])[];
}

interface FrameCase {
  readonly id: string;
  readonly wire: string;
  readonly error_codes: readonly number[] | null;
  readonly frame?: { readonly type: number; readonly frame_payload: Payload } | null;
  readonly frame9113?: {
    readonly type: number;
    readonly data?: string;
    readonly settings?: readonly (readonly [number, number])[];
  };
}

export const frameCases: readonly FrameCase[] | null = protocolCases<FrameCase>('h2-frames');

const MAX_CONCURRENT_STREAMS = 3;
/** A client does not open more at a time, whatever the peer allows. */
const STREAMS_MAX = 1000;
/** "this is dummy" is no field block: HPACK finds that it ends too early. */
const DUMMY_BLOCK = 'h2frame-headers-normal';
const COMPRESSION_ERROR = 9;

/** What differs from what the case expects, or `null`. */
export function judgeFrame(core: Core, one: FrameCase): string | null {
  const driver = new Http2Driver(core);
  try {
    driver.open('POST', '/', undefined, 0);
    driver.feed(Buffer.concat([hello(), head(1, 200)]));
    const before = driver.log.length;
    const wire = Buffer.from(one.wire, 'hex');
    if (one.error_codes === null && wire.readUInt32BE(5) !== 0)
      wire.writeUInt32BE(((wire.readUInt32BE(5) & 0x80000000) >>> 0) + 1, 5);
    driver.feed(wire);
    const outcome = { log: driver.log, frames: driver.frames, closeReason: driver.closeReason };
    const [goaway, reset] = [goawayOf(outcome), resetOf(outcome, 1)];
    const codes = one.id === DUMMY_BLOCK ? [COMPRESSION_ERROR] : one.error_codes;
    if (codes !== null) {
      return codes.includes(goaway ?? reset ?? -1) ? null : `GOAWAY ${goaway}, RST_STREAM ${reset}`;
    }
    if (goaway !== null || reset !== null) return `GOAWAY ${goaway}, RST_STREAM ${reset}`;
    return judgeUnderstood(one, driver, before);
  } finally {
    driver.free();
  }
}

function judgeUnderstood({ frame, frame9113 }: FrameCase, driver: Http2Driver, before: number): string | null {
  const payload = frame?.frame_payload ?? {};
  const content = payload.data ?? Buffer.from(frame9113?.data ?? '', 'hex').toString('latin1');
  const said = driver.log.slice(before);
  const found = said.flatMap((entry) => (entry.kind === 'content' ? [entry.octets] : [])).join('');
  if (found !== content) return `content ${found}`;
  const reset = said.find((entry) => entry.kind === 'reset' || entry.kind === 'goaway');
  if (reset?.code !== payload.error_code) return `error code ${reset?.code}`;
  if (reset?.kind === 'goaway' && reset.last !== payload.last_stream_id) return `last stream ${reset.last}`;
  const values = payload.settings ?? frame9113?.settings ?? [];
  const streams = values.find(([id]) => id === MAX_CONCURRENT_STREAMS)?.[1];
  if (streams !== undefined && driver.placesFree !== Math.min(streams, STREAMS_MAX) - 1) {
    return `${driver.placesFree} places`;
  }
  return null;
}
