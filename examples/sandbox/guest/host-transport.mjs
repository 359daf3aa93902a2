// A transport for httpx-wasm's `Client` over wasi:http: the host connects, speaks TLS and frames messages; all else is the
// client's own, content codings too. Bodies stream both ways. Of the limits `read` and `write` hold: `connect` is not told,
// since jco's shim lets it go on until the response, and calls that a connection that never was.

import { handle } from 'wasi:http/outgoing-handler@0.2.12';
import { Fields, OutgoingBody, OutgoingRequest } from 'wasi:http/types@0.2.12';
import * as httpx from 'httpx-wasm';
import { drop, isReady, readFrom, writeTo } from './wasi.mjs';

/** Fields that the host makes: it refuses them (wasi:http, `header-error.forbidden`). */
const MADE_BY_HOST = new Set(['host', 'connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);
const METHODS = new Set(['get', 'head', 'post', 'put', 'delete', 'connect', 'options', 'trace', 'patch']);

/** What a failure of wasi:http is called here; the first that fits. */
const KINDS = [
  [/^dns-timeout$/, httpx.ConnectTimeout],
  // The first of them is not taken by its word, either: it would say that the request may be sent again.
  [/^(connection-timeout|connection-read-timeout|http-response-timeout)$/, httpx.ReadTimeout],
  [/^connection-write-timeout$/, httpx.WriteTimeout],
  [/^(dns-|destination-|connection-refused|connection-limit|tls-)/, httpx.ConnectError],
  [/^http-request-/, httpx.LocalProtocolError],
  [/^(connection-terminated|http-)/, httpx.RemoteProtocolError],
];

function failureOf({ tag, val }, where) {
  const kind = KINDS.find(([pattern]) => pattern.test(tag.toLowerCase()))?.[1] ?? httpx.NetworkError;
  const said = typeof val === 'string' ? `${tag}, ${val}` : tag;
  return new kind(`The host cannot send the request to ${where}: ${said}`);
}

const octetsOf = (text) => Uint8Array.from(text, (char) => char.charCodeAt(0));
const textOf = (octets) => String.fromCharCode(...octets);

function outgoing({ method, url, headers }) {
  const lines = [...headers.multiItems()].filter(([name]) => !MADE_BY_HOST.has(name.toLowerCase()));
  const request = new OutgoingRequest(Fields.fromList(lines.map(([name, value]) => [name, octetsOf(value)])));
  const lower = method.toLowerCase();
  request.setMethod(METHODS.has(lower) ? { tag: lower } : { tag: 'other', val: method });
  request.setScheme({ tag: url.scheme === 'https' ? 'HTTPS' : 'HTTP' });
  request.setAuthority(url.netloc);
  request.setPathWithQuery(url.target);
  return request;
}

/** A response's body: what is not read is not taken from the host. */
class Incoming extends httpx.SyncByteStream {
  #resources;
  #readMs;
  #where;

  constructor(resources, readMs, where) {
    super();
    this.#resources = resources;
    this.#readMs = readMs;
    this.#where = where;
  }

  #read(input) {
    try {
      return readFrom(input, this.#readMs);
    } catch (cause) {
      throw new httpx.ReadError(`Cannot read the response body from ${this.#where}: ${cause.message}`, { cause });
    }
  }

  *[Symbol.iterator]() {
    const [input] = this.#resources;
    for (let octets = this.#read(input); octets !== null; octets = this.#read(input)) {
      if (octets.length === 0) {
        const late = `no octets for ${this.#readMs} ms (timeout.read)`;
        throw new httpx.ReadTimeout(`Cannot read the response body from ${this.#where}: ${late}`);
      }
      yield octets;
    }
  }

  close() {
    this.#resources.splice(0).forEach(drop);
  }
}

/** How many of these octets the host took. @throws WriteError, WriteTimeout */
function sent(output, octets, writeMs, where) {
  let taken;
  try {
    taken = writeTo(output, octets, writeMs);
  } catch (cause) {
    throw new httpx.WriteError(`Cannot send the request to ${where}: ${cause.message}`, { cause });
  }
  if (taken > 0) return taken;
  const late = `a piece of it was not taken within ${writeMs} ms (timeout.write)`;
  throw new httpx.WriteTimeout(`Cannot send the request to ${where}: ${late}`);
}

/** Sends the body piece by piece. */
function sendBody(outgoingBody, pieces, writeMs, where) {
  const output = outgoingBody.write();
  try {
    for (const piece of pieces) {
      for (let at = 0; at < piece.length; ) at += sent(output, piece.subarray(at), writeMs, where);
    }
  } finally {
    drop(output);
  }
  OutgoingBody.finish(outgoingBody, null);
}

/** The response of a future; it is given back with what it came from. */
function responseOf(future, readMs, where) {
  let answer = future.get();
  if (answer === null && isReady(() => future.subscribe(), readMs)) answer = future.get();
  if (answer === null) {
    const late = `no complete head after ${readMs} ms (timeout.read)`;
    throw new httpx.ReadTimeout(`Cannot read the response from ${where}: ${late}`);
  }
  const { tag, val } = answer.val;
  if (tag === 'err') throw failureOf(val, where);
  return val;
}

/** A response, its body unread. */
function received(response, readMs, where) {
  const fields = response.headers();
  const headers = fields.entries().map(([name, value]) => [name, textOf(value)]);
  drop(fields);
  const status = response.status();
  const incoming = response.consume();
  const stream = new Incoming([incoming.stream(), incoming, response], readMs, where);
  return new httpx.Response(status, { headers, stream });
}

/** Sends the requests of a Client by wasi:http. */
export class HostTransport extends httpx.BaseTransport {
  handleRequest(request) {
    const where = request.url.origin.toString();
    const { read, write } = request.extensions.timeout;
    const message = outgoing(request);
    const body = message.body();
    let future;
    try {
      future = handle(message, null);
    } catch (error) {
      throw failureOf(error.payload, where);
    }
    try {
      try {
        sendBody(body, request.stream, write, where);
      } catch (error) {
        // What the host says of the whole, or an answer that came early, tells more.
        if (!(error instanceof httpx.WriteError)) throw error;
      }
      return received(responseOf(future, read, where), read, where);
    } finally {
      drop(future);
    }
  }
}
