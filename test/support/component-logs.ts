/**
 * Logs of the component and of the flat ABI in one form: what both say. Events have no ids of names, no first lines beyond
 * their parts, and no wire error code of a connection's end, which is in the GOAWAY that is written.
 */
import * as abi from '../../assembly/abi.js';
import {
  type Component,
  type Connection,
  closeReasonOf,
  type Event,
  fieldsOf,
  flagsOf,
  octets,
  pairsOf,
  type Request,
  text,
} from './component.js';
import type { Entry, Exchange, Outcome } from './core-connection.js';
import type { Http2Entry } from './http2-driver.js';

type Line = readonly (string | number | boolean | readonly string[][])[];
export interface Log {
  readonly lines: readonly Line[];
  readonly closeReason: number;
}

const pairs = (fields: readonly (readonly unknown[])[]): string[][] =>
  fields.map(([name, value]) => [String(name), String(value)]);
const NONE = abi.NONE;

/** The log of an HTTP/1.1 connection of the flat ABI. */
export function http1Log({ log, closeReason }: Outcome, role: number = abi.ROLE_CLIENT): Log {
  return { lines: log.map((entry) => http1Line(entry, role)), closeReason };
}

function http1Line(entry: Entry, role: number): Line {
  switch (entry.kind) {
    case 'head':
    case 'interim': {
      const { stream, code, flags, c, line, fields } = entry;
      if (role === abi.ROLE_REQUESTS) {
        return ['request', stream, flags, line.slice(0, code), line.slice(code + 1, code + 1 + c), pairs(fields)];
      }
      return [entry.kind, stream, code, flags, c, line.slice(13), pairs(fields)];
    }
    case 'end':
      return ['end', entry.stream, entry.reusable, pairs(entry.trailers)];
    case 'error':
      return ['error', entry.stream, entry.rule, entry.offset, entry.octet, entry.limit];
    case 'body':
    case 'upgrade':
      return [entry.kind, entry.stream, entry.octets];
    default:
      return [entry.kind, entry.stream];
  }
}

/** The log of an HTTP/2 connection of the flat ABI. */
export function http2Log(log: readonly Http2Entry[], closeReason: number): Log {
  return { lines: log.map(http2Line), closeReason };
}

function http2Line(entry: Http2Entry): Line {
  switch (entry.kind) {
    case 'head':
    case 'interim':
      return [entry.kind, entry.stream, entry.status, entry.flags, NONE, '', pairs(entry.fields)];
    case 'content':
      return ['body', entry.stream, entry.octets];
    case 'end':
      return ['end', entry.stream, entry.reusable, pairs(entry.trailers)];
    case 'reset':
      return ['reset', entry.stream, entry.code, entry.unprocessed];
    case 'stream error':
      return ['stream-error', entry.stream, entry.code, entry.rule];
    case 'goaway':
      return ['goaway', entry.last, entry.code];
    case 'streams max':
      return ['streams-max', entry.streams];
    case 'error':
      return ['error', entry.stream, entry.rule];
    default:
      return [entry.kind, entry.stream];
  }
}

function lineOf(event: Event, isHttp2: boolean): Line {
  switch (event.tag) {
    case 'head':
    case 'interim': {
      const { stream, status, facts, keepAliveSeconds = NONE, reason, fields } = event.val;
      return [event.tag, stream, status, flagsOf(facts), keepAliveSeconds, text(reason), pairsOf(fields)];
    }
    case 'request': {
      const { stream, facts, method, target, fields } = event.val;
      return ['request', stream, flagsOf(facts), text(method), text(target), pairsOf(fields)];
    }
    case 'end':
      return ['end', event.val.stream, event.val.isReusable, pairsOf(event.val.trailers)];
    case 'error': {
      const { rule, number, offset = NONE, octet = NONE, limit = NONE } = event.val.fault;
      checkRule(rule, number);
      return isHttp2 ? ['error', event.val.stream, number] : ['error', event.val.stream, number, offset, octet, limit];
    }
    case 'stream-error':
      checkRule(event.val.fault.rule, event.val.fault.number);
      return ['stream-error', event.val.stream, event.val.code, event.val.fault.number];
    case 'reset':
      return ['reset', event.val.stream, event.val.code, event.val.isUnprocessed];
    case 'goaway':
      return ['goaway', event.val.lastStream, event.val.code];
    case 'data':
      return ['body', event.val.stream, text(event.val.octets)];
    case 'upgraded':
      return ['upgrade', event.val.stream, text(event.val.octets)];
    default:
      return [event.tag, event.val];
  }
}

/** @throws if the name that an enum gives is not that of the number. */
export function checkRule(name: string, number: number): void {
  const constant = `RULE_${name.toUpperCase().replaceAll('-', '_').replace('HTTP10', 'HTTP_1_0')}`;
  if ((abi as unknown as Record<string, number>)[constant] !== number) {
    throw new Error(`Cannot tell rule ${number}: it is called ${name}`);
  }
}

/** A request that says what the OPEN_* bits do. */
export function openOf(bits: number): Request {
  const isComplete = (bits & abi.OPEN_END_STREAM) !== 0;
  const method = bits & abi.OPEN_HEAD ? 'HEAD' : bits & abi.OPEN_CONNECT ? 'CONNECT' : 'GET';
  const fields: [string, string][] = [['Host', 'example.org']];
  if (bits & abi.OPEN_UPGRADE) fields.push(['Connection', 'upgrade'], ['Upgrade', 'other']);
  if (bits & abi.OPEN_EXPECT_CONTINUE) fields.push(['Expect', '100-continue'], ['Content-Length', '1']);
  if (bits & abi.OPEN_CLOSE) fields.push(['Connection', 'close']);
  return { method: octets(method), target: octets('/'), scheme: 'https', fields: fieldsOf(fields), isComplete };
}

/** Notes events as lines, content that belongs together as one. */
export class EventLog {
  readonly lines: Line[] = [];
  readonly #isHttp2: boolean;

  constructor(isHttp2: boolean) {
    this.#isHttp2 = isHttp2;
  }

  add(events: readonly Event[]): void {
    for (const event of events) {
      const line = lineOf(event, this.#isHttp2);
      const last = this.lines.at(-1);
      const joins = (line[0] === 'body' || line[0] === 'upgrade') && last?.[0] === line[0] && last[1] === line[1];
      if (joins) this.lines.splice(-1, 1, [line[0] as string, line[1] as number, `${last[2]}${line[2]}`]);
      else this.lines.push(line);
    }
  }
}

/** What a connection of HTTP/1.1 says of an input that is cut before each of `cuts`. */
export function componentLog(
  { connections }: Component,
  input: Uint8Array,
  exchange: Exchange,
  cuts: readonly number[] = [],
): Log {
  const isRequests = exchange.role === abi.ROLE_REQUESTS;
  using connection: Connection = new connections.Connection(isRequests ? 'http1-requests' : 'http1', {
    octets: exchange.headOctets ?? 65536,
    fields: exchange.fields ?? 256,
    interim: exchange.interim ?? 16,
  });
  const log = new EventLog(false);
  if (!isRequests) connection.open(openOf(exchange.open ?? abi.OPEN_END_STREAM));
  let from = 0;
  for (const cut of [...cuts, input.length]) {
    log.add(connection.receive(input.subarray(from, cut), 0));
    from = cut;
  }
  if (exchange.closes) log.add(connection.receiveEnd());
  return { lines: log.lines, closeReason: closeReasonOf(connection.closeReason()) };
}
