/**
 * Traces of python-hyper/h2 in the role of a client, replayed: what came, and what its application did. What it sent is its own
 * affair; what it made of what came binds any client: responses, content, ends, resets, and the code of each error.
 */
import * as abi from '../../assembly/abi.js';
import type { Core } from '../support/core-module.js';
import { Http2Driver, type Http2Entry } from '../support/http2-driver.js';
import { settings, TYPE } from '../support/http2-frames.js';
import { protocolCases } from '../support/shared.js';
import { goawayOf, resetOf } from './h2-cases.js';

type Pairs = readonly (readonly [name: string, value: string, ...rest: unknown[]])[];

interface TraceEvent {
  readonly event: string;
  readonly stream_id?: number;
  readonly headers?: Pairs;
  readonly data?: { readonly hex: string };
  readonly error_code?: number;
}

interface Operation {
  readonly op: string;
  readonly stream_id?: number;
  readonly headers?: Pairs;
  readonly end_stream?: boolean;
  readonly data?: { readonly hex: string };
  readonly hex?: string;
  readonly events?: readonly TraceEvent[];
  readonly raises?: { readonly class: string; readonly error_code?: number };
}

export interface Trace {
  readonly id: string;
  readonly test: string;
  readonly ops: readonly Operation[];
}

export const traces: readonly Trace[] | null = protocolCases<Trace>('h2-client-traces');

/** What a trace does that this client has not, or does elsewhere. */
const ABSENT: Readonly<Record<string, string>> = {
  initiate_upgrade_connection: 'no Upgrade: h2c',
  advertise_alternative_service: 'a server does that',
  prioritize: 'priority means nothing any more',
  update_settings: 'which SETTINGS we say is ours to decide',
  increment_flow_control_window: 'credit follows from what is released',
  local_flow_control_window: 'asks the library, and not the wire',
  remote_flow_control_window: 'asks the library, and not the wire',
};

/** Whether octets that a trace received hold PUSH_PROMISE. */
function hasPush(hex: string): boolean {
  const octets = Buffer.from(hex, 'hex');
  for (let at = 0; at + 9 <= octets.length; at += 9 + octets.readUIntBE(at, 3)) {
    if (octets[at + 3] === TYPE.pushPromise) return true;
  }
  return false;
}

/** Why a trace says nothing of this client, or `null`. */
export function absenceOf({ ops }: Trace): string | null {
  for (const { op, hex, raises } of ops) {
    if (op in ABSENT) return `${op}: ${ABSENT[op]}`;
    // One that refuses push for another reason refuses it with the same code.
    if (hasPush(hex ?? '') && raises?.error_code !== abi.H2_PROTOCOL_ERROR) return 'push is switched off';
  }
  if (!ops.some(({ op }) => op === 'recv')) return 'nothing is received';
  if (ops.some(({ op, raises }) => op !== 'recv' && raises !== undefined)) return 'misuse of the library';
  return null;
}

const valueOf = (headers: Pairs, name: string): string => headers.find(([one]) => one === name)?.[1] ?? '';

function openFor(driver: Http2Driver, headers: Pairs, isLast: boolean): number {
  const lines = headers.filter(([name]) => !name.startsWith(':')).map(([name, value]) => `${name}: ${value}\r\n`);
  const host = `Host: ${valueOf(headers, ':authority')}\r\n`;
  const [method, path] = [valueOf(headers, ':method'), valueOf(headers, ':path')];
  return driver.open(method, path, host + lines.join(''), isLast ? abi.OPEN_END_STREAM : 0);
}

/** What a client must have made of the events, in the order in which they came. */
function expectedOf(events: readonly TraceEvent[]): string[] {
  return events.flatMap(({ event, stream_id: stream, headers, data, error_code: code }) => {
    switch (event) {
      case 'ResponseReceived':
      case 'InformationalResponseReceived': {
        const fields = (headers ?? [])
          .filter(([name]) => name !== ':status')
          .map(([name, value]) => `${name}=${value}`);
        return [`${stream} ${valueOf(headers ?? [], ':status')} ${fields.join(' ')}`];
      }
      case 'DataReceived':
        return data?.hex === '' ? [] : [`${stream} data ${data?.hex}`];
      case 'TrailersReceived':
        return [`${stream} trailers ${(headers ?? []).map(([name, value]) => `${name}=${value}`).join(' ')}`];
      case 'StreamEnded':
        return [`${stream} end`];
      case 'StreamReset':
        return [`${stream} reset ${code}`];
      default:
        return [];
    }
  });
}

const linesOf = (fields: readonly (readonly [string, string, number])[]): string =>
  fields.map(([name, value]) => `${name}=${value}`).join(' ');

function foundIn(log: readonly Http2Entry[]): string[] {
  return log.flatMap((entry) => {
    switch (entry.kind) {
      case 'head':
      case 'interim':
        return [`${entry.stream} ${entry.status} ${linesOf(entry.fields)}`];
      case 'content':
        return [`${entry.stream} data ${Buffer.from(entry.octets, 'latin1').toString('hex')}`];
      case 'end': {
        const trailers = entry.trailers.length > 0 ? [`${entry.stream} trailers ${linesOf(entry.trailers)}`] : [];
        return [...trailers, `${entry.stream} end`];
      }
      case 'reset':
      case 'stream error':
        return [`${entry.stream} reset ${entry.code}`];
      default:
        return [];
    }
  });
}

/** Replays a trace: what differs, or `null`. */
export function replay(core: Core, trace: Trace): string | null {
  const driver = new Http2Driver(core);
  try {
    let hasBegun = false;
    let failure: number | undefined;
    const expected: string[] = [];
    for (const {
      op,
      headers,
      hex,
      data,
      stream_id: stream = 0,
      end_stream: ends = false,
      events,
      raises,
    } of trace.ops) {
      if (op === 'send_headers') {
        if (valueOf(headers ?? [], ':method') === '') driver.end(stream);
        else openFor(driver, headers ?? [], ends);
      } else if (op === 'send_data') {
        driver.send(stream, Buffer.from(data?.hex ?? '', 'hex').toString('latin1'));
        if (ends) driver.end(stream);
      } else if (op === 'end_stream') {
        driver.end(stream);
      } else if (op === 'recv') {
        const octets = Buffer.from(hex ?? '', 'hex');
        if (!hasBegun && (octets[3] !== TYPE.settings || octets[4] !== 0)) driver.feed(settings());
        hasBegun = true;
        driver.feed(octets);
        expected.push(...expectedOf(events ?? []));
        if (raises !== undefined) failure = raises.error_code;
      }
    }
    const outcome = { log: driver.log, frames: driver.frames, closeReason: driver.closeReason };
    if (failure !== undefined) {
      const codes = [goawayOf(outcome), ...[1, 3].map((stream) => resetOf(outcome, stream))];
      return codes.includes(failure) ? null : `error ${failure}: GOAWAY and RST_STREAM have ${codes}`;
    }
    const found = foundIn(driver.log).join('\n');
    if (found !== expected.join('\n')) return `expected\n${expected.join('\n')}\nfound\n${found}`;
    const goaway = goawayOf(outcome);
    return goaway === null ? null : `GOAWAY ${goaway}`;
  } finally {
    driver.free();
  }
}
