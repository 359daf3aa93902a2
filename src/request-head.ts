/**
 * Checks everything of a request that goes on the wire before an octet leaves, and says how its body is framed
 * (RFC 9112 §3, §6). Field lines are checked by `Headers.block`; here come method, target and what the fields say together.
 */
import * as abi from '../assembly/abi.js';
import type { RequestBody } from './content.js';
import type { RequestHead } from './core.js';
import { LocalProtocolError } from './exceptions.js';

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const TARGET = /^[\x21\x22\x24-\x7e]+$/;
/**
 * uri-host [":" port], or nothing (RFC 9110 §7.2, RFC 3986 §3.2.2). A ',' would be grammatical in a name, and two hosts to
 * whoever reads the field as a list; no name in use has one.
 */
const HOST = /^(?:\[[0-9A-Fa-f:.]+\]|(?:[0-9A-Za-z._~!$&'()*+;=-]|%[0-9A-Fa-f]{2})+)(?::[0-9]{1,5})?$|^$/;
const DIGITS = /^[0-9]{1,16}$/;
const FRAMING_FIELD = /^(host|connection|content-length|transfer-encoding|upgrade|expect):[ \t]*([^\r]*)\r$/gim;

/** What the fields of a block say about the connection and the body. */
interface BlockFacts {
  /** OPEN_CLOSE, OPEN_UPGRADE, OPEN_EXPECT_CONTINUE. */
  readonly open: number;
  readonly framing: number | 'chunked' | null;
}

function refuse(what: string, source: string): never {
  throw new LocalProtocolError(`Cannot send the request: ${what} (${source})`);
}

function lengthOf(value: string, before: number | null): number {
  if (!DIGITS.test(value) || Number(value) > abi.BODY_OCTETS_MAX) {
    refuse(`Content-Length must be a number of octets, got ${JSON.stringify(value)}`, 'RFC 9110 §8.6');
  }
  if (before !== null) refuse(`Content-Length is given twice (${before} and ${value})`, 'RFC 9110 §5.3');
  return Number(value);
}

function factsOf(block: string): BlockFacts {
  let open = 0;
  let hosts = 0;
  let upgradeNamed = false;
  let length: number | null = null;
  let chunked = false;
  for (const [, name, value] of block.matchAll(FRAMING_FIELD) as IterableIterator<[string, string, string]>) {
    switch (name.toLowerCase()) {
      case 'host':
        hosts++;
        if (!HOST.test(value))
          refuse(`Host must be a host with or without a port, got ${JSON.stringify(value)}`, 'RFC 9110 §7.2');
        break;
      case 'connection':
        if (/(?:^|,)[ \t]*close[ \t]*(?:,|$)/i.test(value)) open |= abi.OPEN_CLOSE;
        if (/(?:^|,)[ \t]*upgrade[ \t]*(?:,|$)/i.test(value)) upgradeNamed = true;
        break;
      case 'upgrade':
        open |= abi.OPEN_UPGRADE;
        break;
      case 'expect':
        if (value.toLowerCase() === '100-continue') open |= abi.OPEN_EXPECT_CONTINUE;
        break;
      case 'content-length':
        length = lengthOf(value, length);
        break;
      default:
        if (chunked || value.toLowerCase() !== 'chunked') {
          refuse(`Transfer-Encoding must be one 'chunked', got ${JSON.stringify(value)}`, 'RFC 9112 §6.1');
        }
        chunked = true;
    }
  }
  if ((open & abi.OPEN_UPGRADE) !== 0 && !upgradeNamed) {
    refuse("Upgrade must be named by Connection: set 'Connection: upgrade' too", 'RFC 9110 §7.8');
  }
  if (hosts !== 1) refuse(`there must be one Host field, got ${hosts}`, 'RFC 9112 §3.2');
  if (chunked && length !== null) refuse('Transfer-Encoding and Content-Length exclude each other', 'RFC 9112 §6.2');
  return { open, framing: chunked ? 'chunked' : length };
}

/** The latest head, what its block says, and the length of its body: most requests repeat some of it, or all. */
let last: RequestHead = { method: 'GET', target: '/', block: '\r\n', open: 0, framing: null, protocol: null };
let lastFacts: BlockFacts = last;
let lastLength: number | null = null;

/** Both may stand in a request line. */
function checkLine(method: string, target: string): void {
  if (method === last.method && target === last.target) return;
  if (!TOKEN.test(method)) refuse(`the method must be a token, got ${JSON.stringify(method)}`, 'RFC 9110 §9.1');
  if (!TARGET.test(target)) {
    refuse(`the request target must be visible ASCII without '#', got ${JSON.stringify(target)}`, 'RFC 9112 §3.2');
  }
}

/**
 * The head of a request, checked; the same object where all is as in the request before.
 * @throws LocalProtocolError naming what must not be sent, and the rule.
 */
export function requestHead(
  method: string,
  target: string,
  block: string,
  body: Pick<RequestBody, 'length'>,
): RequestHead {
  const isOfLast = block === last.block;
  if (isOfLast && method === last.method && target === last.target && body.length === lastLength) return last;
  checkLine(method, target);
  const facts = isOfLast ? lastFacts : factsOf(block);
  const { open, framing } = facts;
  if (framing === null ? body.length !== 0 : framing !== 'chunked' && body.length !== null && framing !== body.length) {
    const said = framing === null ? 'no field announces a body' : `Content-Length says ${framing}`;
    refuse(`the body has ${body.length ?? 'an unknown number of'} octets, but ${said}`, 'RFC 9112 §6.2');
  }
  const kind = method === 'HEAD' ? abi.OPEN_HEAD : method === 'CONNECT' ? abi.OPEN_CONNECT : 0;
  last = { method, target, block, open: open | kind, framing, protocol: null };
  lastFacts = facts;
  lastLength = body.length;
  return last;
}
