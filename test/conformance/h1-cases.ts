/**
 * The public HTTP/1.1 cases of ../shared/vectors/protocol, each judged by what the core makes of its octets. A judgement is
 * a sentence saying how the core differs from what the case expects, or null. What a family asks that a strict client or a
 * parse-only request role cannot be asked is not applicable, with the reason.
 */
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import * as abi from '../../assembly/abi.js';
import {
  Driver,
  type EndEntry,
  type Entry,
  type Exchange,
  type FieldLine,
  type HeadEntry,
  octets,
  run,
} from '../support/core-connection.js';
import type { Core } from '../support/core-module.js';

const FOLDER = process.env.HTTPX_WASM_SHARED
  ? new URL(`file://${process.env.HTTPX_WASM_SHARED}/vectors/protocol/`)
  : new URL('../../../shared/vectors/protocol/', import.meta.url);

/** Whether the shared cases are there. */
export const isPresent: boolean = existsSync(FOLDER);

export interface Judged {
  readonly id: string;
  readonly file: string;
  /** What the core was given, for the test of every cut. */
  readonly input: Uint8Array;
  readonly exchange: Exchange;
  /** May not be deviated from. */
  readonly isBinding: boolean;
  judge(core: Core): string | null;
}
export interface NotApplicable {
  readonly id: string;
  readonly file: string;
  readonly reason: string;
}
export type Case = Judged | NotApplicable;

// biome-ignore lint/suspicious/noExplicitAny: the cases are JSON whose shape differs by family
type Raw = any;

function casesOf(file: string): Raw[] {
  return JSON.parse(readFileSync(new URL(`${file}.json`, FOLDER), 'utf8')).cases;
}

function inputOf(raw: Raw): Uint8Array {
  if (raw.input_gz_b64 !== undefined) return new Uint8Array(gunzipSync(Buffer.from(raw.input_gz_b64, 'base64')));
  return new Uint8Array(Buffer.from(raw.input_b64 ?? '', 'base64'));
}

const decoded = (base64: string): string => Buffer.from(base64, 'base64').toString('latin1');
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const pairs = (fields: readonly FieldLine[]): string[][] => fields.map(([name, value]) => [name, value]);
/** RFC 9110 §5.5: white space around a value is no part of it, though some parsers hand it out. */
const trimmed = (fields: readonly (readonly [string, string])[]): string[][] =>
  fields.map(([name, value]) => [name, value.replace(/^[ \t]+|[ \t]+$/g, '')]);

/** One message of a log. */
interface Message {
  head: HeadEntry | null;
  body: string;
  end: EndEntry | null;
  upgraded: boolean;
}

/** The messages of a log; interim heads count as messages of their own where `interims`. */
function messagesOf(log: readonly Entry[]): Message[] {
  const messages: Message[] = [];
  let open: Message | null = null;
  for (const entry of log) {
    if (entry.kind === 'interim') messages.push({ head: entry, body: '', end: null, upgraded: false });
    else if (entry.kind === 'head') {
      open = { head: entry, body: '', end: null, upgraded: false };
      messages.push(open);
    } else if (open !== null) {
      if (entry.kind === 'body') open.body += entry.octets;
      else if (entry.kind === 'end') open.end = entry;
      else if (entry.kind === 'upgrade') open.upgraded = true;
    }
  }
  return messages;
}

/** The error that ended a message, not one about octets after it. */
const faultOf = (log: readonly Entry[]): Entry | undefined =>
  log.find((entry) => entry.kind === 'error' && entry.rule !== abi.RULE_UNSOLICITED);
const anyFaultOf = (log: readonly Entry[]): Entry | undefined => log.find((entry) => entry.kind === 'error');

function says(entry: Entry | undefined): string {
  return entry?.kind === 'error' ? `refused with rule ${entry.rule} at ${entry.offset}` : 'not refused';
}

// ── h1-ambiguity ──

function acceptance(
  log: readonly Entry[],
  wanted: { status?: number; body?: string; reusable?: boolean },
): string | null {
  const fault = faultOf(log);
  if (fault !== undefined) return `should be accepted, ${says(fault)}`;
  const message = messagesOf(log).find(({ head }) => head?.kind === 'head');
  if (message?.end == null) return 'should be complete, is not';
  if (wanted.status !== undefined && message.head?.code !== wanted.status) return `status ${message.head?.code}`;
  if (wanted.body !== undefined && message.body !== wanted.body) return `body ${JSON.stringify(message.body)}`;
  const reusable = message.end.reusable && anyFaultOf(log) === undefined;
  if (wanted.reusable !== undefined && reusable !== wanted.reusable) return `reusable: ${reusable}`;
  return null;
}

function ambiguity(raw: Raw): Case {
  const method = raw.method === 'HEAD' ? abi.OPEN_HEAD : raw.method === 'CONNECT' ? abi.OPEN_CONNECT : 0;
  const exchange: Exchange = { open: method | abi.OPEN_END_STREAM, closes: raw.server_closes_after };
  const input = inputOf(raw);
  const { outcome, status, body_b64, connection_reusable } = raw.expect;
  const advice = String(raw.recommended ?? '');
  const judge = (core: Core): string | null => {
    const { log } = run(core, input, exchange);
    const refusal = (): string | null => (faultOf(log) === undefined ? 'should be refused, is not' : null);
    if (outcome === 'reject' || (outcome === 'policy' && advice === 'reject')) return refusal();
    if (outcome === 'wpt') {
      if (raw.wpt_output === null) return refusal();
      if (raw.class === 'status-line') return acceptance(log, { status: raw.wpt_output });
      return acceptance(log, { body: 'x'.repeat(raw.wpt_output) });
    }
    if (advice === 'tunnel') return log.some(({ kind }) => kind === 'upgrade') ? null : 'should be a tunnel, is not';
    if (outcome === 'policy' && !advice.startsWith('accept')) return null;
    if (advice === 'accept-or-reject') return null;
    return acceptance(log, {
      ...(status === undefined ? {} : { status }),
      ...(body_b64 === undefined ? {} : { body: decoded(body_b64) }),
      ...(connection_reusable === undefined ? {} : { reusable: connection_reusable }),
    });
  };
  const isBinding = outcome === 'reject' || outcome === 'accept';
  return { id: raw.id, file: 'h1-ambiguity', input, exchange, isBinding, judge };
}

// ── llhttp ──

interface WantedMessage {
  complete: boolean;
  end?: number;
  status?: number;
  reason?: string;
  version?: string;
  method?: string;
  url?: string;
  headers: [string, string][];
  trailers?: [string, string][];
  body_b64?: string;
}

function messageDifference(found: Message | undefined, wanted: WantedMessage, role: number): string | null {
  if (found?.head == null) return wanted.status !== undefined || wanted.url !== undefined ? 'no head' : null;
  const { line, code, c, fields } = found.head;
  if (role === abi.ROLE_REQUESTS) {
    if (line.slice(0, code) !== wanted.method) return `method ${line.slice(0, code)}`;
    if (line.slice(code + 1, code + 1 + c) !== (wanted.url ?? ''))
      return `target ${line.slice(code + 1, code + 1 + c)}`;
    if (!line.endsWith(` HTTP/${wanted.version}`)) return `line ${line}`;
  } else {
    if (code !== wanted.status) return `status ${code}`;
    if (!line.startsWith(`HTTP/${wanted.version} `)) return `line ${line}`;
    if (line.slice(13) !== (wanted.reason ?? '')) return `reason ${JSON.stringify(line.slice(13))}`;
  }
  if (!same(pairs(fields), trimmed(wanted.headers))) return `fields ${JSON.stringify(pairs(fields))}`;
  if (found.body !== decoded(wanted.body_b64 ?? '')) return `body ${JSON.stringify(found.body)}`;
  const complete = found.end !== null || found.upgraded || found.head.kind === 'interim';
  if (complete !== wanted.complete) return `complete: ${complete}`;
  if (!same(pairs(found.end?.trailers ?? []), trimmed(wanted.trailers ?? []))) return 'trailers differ';
  return null;
}

/** What llhttp says of a message it hands over to another protocol, which is no error. */
const HANDED_OVER = 'PAUSED_UPGRADE';

function llhttp(file: string, role: number, strictMode: string): (raw: Raw) => Case {
  return (raw) => {
    const input = inputOf(raw);
    if (raw.mode !== strictMode) {
      const what =
        raw.mode === 'url' ? 'a URL parser' : raw.mode.includes('lenient') ? 'a lenient mode' : `mode ${raw.mode}`;
      return { id: raw.id, file, reason: `it asks ${what}` };
    }
    const isSwitch = raw.expect.messages.some((message: WantedMessage) => message.status === 101);
    const bits = raw.skip_body ? abi.OPEN_HEAD : isSwitch ? abi.OPEN_UPGRADE : 0;
    const exchange: Exchange = { role, open: bits | abi.OPEN_END_STREAM };
    const { messages, error } = raw.expect as { messages: WantedMessage[]; error: { name: string } | null };
    const judge = (core: Core): string | null => {
      if (error !== null && error.name !== HANDED_OVER) {
        const { log } = run(core, input, exchange);
        return anyFaultOf(log) === undefined ? 'should be refused, is not' : null;
      }
      const log =
        role === abi.ROLE_REQUESTS ? run(core, input, exchange).log : answers(core, input, messages, exchange);
      const found = messagesOf(log);
      for (const [i, wanted] of messages.entries()) {
        const difference = messageDifference(found[i], wanted, role);
        if (difference !== null) return `message ${i + 1}: ${difference}; ${says(anyFaultOf(log))}`;
      }
      const fault = anyFaultOf(log);
      return fault === undefined || error !== null ? null : `should be accepted, ${says(fault)}`;
    };
    return { id: raw.id, file, input, exchange, isBinding: false, judge };
  };
}

/** A run of responses, each after its own request: octets of the next one are given when the last is complete. */
function answers(
  core: Core,
  input: Uint8Array,
  messages: readonly WantedMessage[],
  exchange: Exchange,
): readonly Entry[] {
  const driver = new Driver(core, exchange);
  try {
    let from = 0;
    for (const { end } of messages) {
      if (driver.canOpen) driver.open(exchange.open);
      driver.feed(input.subarray(from, end ?? input.length));
      from = end ?? input.length;
    }
    driver.feed(input.subarray(from));
    return driver.outcome().log;
  } finally {
    driver.free();
  }
}

// ── joyent http-parser ──

function httpParser(raw: Raw): Case {
  const file = 'h1-http-parser';
  const { expect } = raw;
  if (raw.options?.length > 0) return { id: raw.id, file, reason: 'it sets lenient parser options' };
  const role = raw.role === 'request' ? abi.ROLE_REQUESTS : abi.ROLE_CLIENT;
  const upgrade = expect.status === 101 ? abi.OPEN_UPGRADE : 0;
  const input = inputOf(raw);
  const exchange: Exchange = {
    role,
    open: upgrade | abi.OPEN_END_STREAM,
    closes: expect.complete_on_eof === true,
  };
  const judge = (core: Core): string | null => {
    const { log } = run(core, input, exchange);
    const fault = faultOf(log);
    if (expect.result === 'error') return fault === undefined ? 'should be refused, is not' : null;
    if (fault !== undefined) return `should be accepted, ${says(fault)}`;
    if (expect.result === 'ok-so-far') return null;
    const message = messagesOf(log)[0];
    if (message?.head == null || (message.end === null && !message.upgraded)) return 'should be complete, is not';
    const { line, code, c, fields } = message.head;
    if (role === abi.ROLE_CLIENT && code !== expect.status) return `status ${code}`;
    if (role === abi.ROLE_REQUESTS && line.slice(0, code) !== expect.method) return `method ${line.slice(0, code)}`;
    if (role === abi.ROLE_REQUESTS && line.slice(code + 1, code + 1 + c) !== expect.target) return 'the target differs';
    const lines = pairs([...fields, ...(message.end?.trailers ?? [])]);
    if (!same(lines, trimmed(expect.headers))) return `fields ${JSON.stringify(lines)}`;
    if (message.body !== decoded(expect.body_b64)) return `body ${JSON.stringify(message.body)}`;
    if (message.end !== null && !message.upgraded && message.end.reusable !== expect.keep_alive) {
      return `reusable: ${message.end.reusable}`;
    }
    return null;
  };
  return { id: raw.id, file, input, exchange, isBinding: false, judge };
}

// ── httparse and picohttpparser: heads and chunk lines ──

const CHUNKED_HEAD = octets('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
const STATUS_LINE = octets('HTTP/1.1 200 OK\r\n');
const joined = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));

function headScope(file: string, raw: Raw): Case {
  const { expect } = raw;
  if (raw.options?.length > 0 && expect.result !== 'error') {
    return { id: raw.id, file, reason: 'it sets lenient parser options' };
  }
  const own = inputOf(raw);
  const prefix = raw.role === 'headers' ? STATUS_LINE : new Uint8Array(0);
  const input = joined(prefix, own);
  const role = raw.role === 'request' ? abi.ROLE_REQUESTS : abi.ROLE_CLIENT;
  const exchange: Exchange = {
    role,
    open: abi.OPEN_UPGRADE | abi.OPEN_END_STREAM,
    ...(raw.max_headers === undefined ? {} : { fields: raw.max_headers }),
  };
  const judge = (core: Core): string | null => {
    const consumed = expect.consumed === undefined ? input.length : expect.consumed + prefix.length;
    const { log } = run(core, input.subarray(0, expect.result === 'complete' ? consumed : input.length), exchange);
    const fault = faultOf(log);
    if (expect.result === 'error') return fault === undefined ? 'should be refused, is not' : null;
    if (fault !== undefined) return `should be ${expect.result}, ${says(fault)}`;
    const head = messagesOf(log)[0]?.head ?? null;
    if (expect.result === 'partial') return head === null ? null : 'should be partial, is complete';
    if (head === null) return 'should be complete, is not';
    return headDifference(head, expect, role);
  };
  return { id: raw.id, file, input, exchange, isBinding: false, judge };
}

function headDifference(head: HeadEntry, expect: Raw, role: number): string | null {
  const { line, code, c, fields } = head;
  if (role === abi.ROLE_REQUESTS) {
    if (expect.method !== undefined && line.slice(0, code) !== expect.method) return 'the method differs';
    if (expect.path !== undefined && line.slice(code + 1, code + 1 + c) !== expect.path) return 'the target differs';
  } else {
    if (expect.status !== undefined && code !== expect.status) return `status ${code}`;
    if (expect.reason !== undefined && line.slice(13) !== expect.reason) return 'the reason phrase differs';
  }
  if (expect.num_headers !== undefined && fields.length !== expect.num_headers) return `${fields.length} fields`;
  if (expect.headers === undefined) return null;
  // A name of null stands for a value whose name the suite does not check.
  const wanted = trimmed(expect.headers);
  const found = pairs(fields).map(([name, value], i) => [wanted[i]?.[0] === null ? null : name, value]);
  return same(found, wanted) ? null : `fields ${JSON.stringify(found)}`;
}

function chunkLine(file: string, raw: Raw): Case {
  const input = joined(CHUNKED_HEAD, inputOf(raw));
  const judge = (core: Core): string | null => {
    const driver = new Driver(core);
    try {
      driver.open();
      driver.feed(input);
      const fault = faultOf(driver.log);
      const { result, chunk_size } = raw.expect;
      if (result === 'error') return fault === undefined ? 'should be refused, is not' : null;
      if (fault !== undefined) return `should be ${result}, ${says(fault)}`;
      if (result === 'partial' && driver.passing !== 0) return 'should be partial, is complete';
      // A last chunk announces no octets; any other announces its size.
      if (result === 'complete' && driver.passing !== Number(chunk_size)) return `size ${driver.passing}`;
      return null;
    } finally {
      driver.free();
    }
  };
  return { id: raw.id, file, input, exchange: {}, isBinding: false, judge };
}

/** A chunked body behind a canned head. `needsEnd`: complete means that the trailers ended, too. */
function chunkedBody(file: string, raw: Raw, own: Uint8Array, needsEnd: boolean): Case {
  const input = joined(CHUNKED_HEAD, own);
  const exchange: Exchange = { closes: raw.eof_after === true };
  const { expect } = raw;
  const judge = (core: Core): string | null => {
    const { log } = run(core, input, exchange);
    const fault = faultOf(log);
    if (expect.result === 'error') return fault === undefined ? 'should be refused, is not' : null;
    if (fault !== undefined) return `should be ${expect.result}, ${says(fault)}`;
    const message = messagesOf(log)[0];
    if (expect.body_b64 !== undefined && message?.body !== decoded(expect.body_b64)) return 'the body differs';
    const ended = message?.end ?? null;
    if (expect.result === 'partial' && ended !== null) return 'should be partial, is complete';
    if (expect.result === 'complete' && needsEnd && ended === null) return 'should be complete, is not';
    if (expect.trailers !== undefined && !same(pairs(ended?.trailers ?? []), expect.trailers)) return 'trailers differ';
    return null;
  };
  return { id: raw.id, file, input, exchange, isBinding: false, judge };
}

function httparse(raw: Raw): Case {
  return raw.scope === 'head' ? headScope('h1-httparse', raw) : chunkLine('h1-httparse', raw);
}

function pico(raw: Raw): Case {
  const file = 'h1-picohttpparser';
  if (raw.scope === 'head') return headScope(file, raw);
  if (raw.scope === 'chunked-body') return chunkedBody(file, raw, inputOf(raw), raw.consume_trailer);
  const { chunk_len, chunk_count, extra } = raw.generator;
  const chunk = `${chunk_len.toString(16)}${extra}\r\n${'x'.repeat(chunk_len)}\r\n`;
  return chunkedBody(file, raw, octets(`${chunk.repeat(chunk_count)}0\r\n\r\n`), true);
}

// ── h11 ──

function h11(raw: Raw): Case {
  const file = 'h1-h11';
  if (raw.scope === 'chunked-body') return chunkedBody(file, raw, inputOf(raw), true);
  if (raw.scope === 'framing-decision') return framingDecision(file, raw);
  if (raw.scope === 'content-length-body' || raw.scope === 'eof-body') return plainBody(file, raw);
  const event = raw.expect.event ?? {};
  const expect = {
    result: raw.expect.result,
    method: event.method,
    path: event.target,
    status: event.status_code,
    reason: event.reason,
    headers: event.headers,
  };
  return headScope(file, { ...raw, options: undefined, expect });
}

function plainBody(file: string, raw: Raw): Case {
  const length = raw.scope === 'eof-body' ? '' : `Content-Length: ${raw.content_length}\r\n`;
  const input = joined(octets(`HTTP/1.1 200 OK\r\n${length}\r\n`), inputOf(raw));
  const exchange: Exchange = { closes: raw.eof_after === true };
  const { expect } = raw;
  const judge = (core: Core): string | null => {
    const { log } = run(core, input, exchange);
    const message = messagesOf(log)[0];
    const fault = faultOf(log);
    if (expect.result === 'error') return fault === undefined ? 'should be refused, is not' : null;
    if (fault !== undefined) return `should be ${expect.result}, ${says(fault)}`;
    if (message?.body !== decoded(expect.body_b64)) return 'the body differs';
    return (expect.result === 'complete') === (message.end !== null) ? null : `should be ${expect.result}, is not`;
  };
  return { id: raw.id, file, input, exchange, isBinding: false, judge };
}

const METHOD_BITS: Record<string, number> = { HEAD: abi.OPEN_HEAD, CONNECT: abi.OPEN_CONNECT };

function framingDecision(file: string, raw: Raw): Case {
  const fields = raw.headers.map(([name, value]: [string, string]) => `${name}: ${value}\r\n`).join('');
  const input = octets(`HTTP/1.1 ${raw.status} Reason\r\n${fields}\r\n`);
  const exchange: Exchange = {
    open: (METHOD_BITS[raw.request_method] ?? 0) | abi.OPEN_UPGRADE | abi.OPEN_END_STREAM,
  };
  const judge = (core: Core): string | null => {
    const driver = new Driver(core, exchange);
    try {
      driver.open(exchange.open);
      driver.feed(input);
      const found = decisionOf(driver);
      const [wanted, length] = raw.expect_framing;
      const expected = raw.interim ? 'interim' : length === undefined ? wanted : `${wanted} ${length}`;
      return found === expected ? null : `decided ${found}, should be ${expected}; ${says(faultOf(driver.log))}`;
    } finally {
      driver.free();
    }
  };
  return { id: raw.id, file, input, exchange, isBinding: false, judge };
}

/** What the connection does after a head. */
function decisionOf(driver: Driver): string {
  const first = driver.log[0];
  if (first?.kind === 'interim') return 'interim';
  if (driver.log.some(({ kind }) => kind === 'upgrade')) {
    return first?.kind === 'head' && first.code === 101 ? 'switch-protocols' : 'tunnel';
  }
  if (driver.passing === Number.POSITIVE_INFINITY) return 'until-close';
  if (driver.passing > 0) return `content-length ${driver.passing}`;
  if (driver.log.some(({ kind }) => kind === 'end')) return 'content-length 0';
  return first?.kind === 'head' && first.flags & abi.FLAG_CHUNKED ? 'chunked' : 'refused';
}

const FAMILIES: readonly (readonly [string, (raw: Raw) => Case])[] = [
  ['h1-ambiguity', ambiguity],
  ['h1-llhttp-response', llhttp('h1-llhttp-response', abi.ROLE_CLIENT, 'response')],
  ['h1-llhttp-request', llhttp('h1-llhttp-request', abi.ROLE_REQUESTS, 'request')],
  ['h1-http-parser', httpParser],
  ['h1-httparse', httparse],
  ['h1-picohttpparser', pico],
  ['h1-h11', h11],
];

/** Every case of every family. */
export function allCases(): Case[] {
  return FAMILIES.flatMap(([file, read]) => casesOf(file).map(read));
}
