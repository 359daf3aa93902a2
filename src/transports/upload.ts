/**
 * A request's body on its way: read from its source piece by piece, each sent as far as host and peer take it. It ends when
 * the body does, or when the peer does not want the rest (a response that is no success, or is complete): then its source is
 * told. Behind the head of a success it goes on, on an event loop beside the flow of the call.
 */
import type { BodyReader, RequestBody } from '../content.js';
import type { DeadlineList } from '../deadlines.js';
import type { Exchange } from '../exchange.js';
import { drive, type Flow, isThenable } from '../flow.js';
import { NextTurn } from '../pool-waiter.js';

/**
 * Octets of a body that leave before the socket is listened to again. Pieces that are there at once and a network that takes
 * them would keep an early response unread until the peer, which closes behind it, resets the connection. To listen costs two
 * turns of the loop, as much as four pieces of 64 KiB cost beside their writes.
 */
const UNHEARD_OCTETS_MAX = 1048576;

/** Reads a body that is in memory, from an octet on. */
export class PiecesReader implements BodyReader {
  #octets: Uint8Array | null;

  constructor(body: RequestBody, from: number) {
    const { octets } = body;
    this.#octets = octets === null || from === 0 ? octets : octets.subarray(from);
  }

  next(): Uint8Array | null {
    const octets = this.#octets;
    this.#octets = null;
    return octets;
  }

  cancel(): void {}
}

/** What a call that blocks says to a body that needs an event loop. */
export function asyncBody(): TypeError {
  return new TypeError(
    'Cannot send the request body: a blocking call takes no Blob, stream or async iterable; read it before, or use AsyncClient',
  );
}

/**
 * Sends the body until it ends or is not wanted any more. `waits`: how long it waits for 100 (Continue), if it does, or, if
 * it can be read but `once`, until a peer of HTTP/2 has said how many streams it takes.
 */
export function* upload(exchange: Exchange, reader: BodyReader, waits: DeadlineList, once: boolean): Flow<void> {
  const { connection, sending } = exchange;
  if (!exchange.writable) yield* sending.permission(waits);
  else if (once && connection.settling) yield* sending.limitKnown(waits);
  if (exchange.error !== null) throw exchange.error;
  let unheard = 0;
  while (!exchange.unwanted) {
    exchange.bodyBegun = true;
    const given = reader.next();
    let piece: Uint8Array | null;
    if (isThenable(given)) {
      if (connection.socket.blocking) throw asyncBody();
      const result = yield* sending.unlessUnwanted(given as PromiseLike<Uint8Array | null>);
      if (result === undefined) break;
      piece = result.value;
    } else {
      piece = given as Uint8Array | null;
      // The caller's code ran: it may have aborted the call.
      yield;
    }
    if (exchange.error !== null) throw exchange.error;
    if (piece === null) {
      connection.end(exchange);
      if (isThenable(connection.written)) yield* sending.drained(connection.written);
      return;
    }
    yield* sendPiece(exchange, piece);
    unheard += piece.length;
    if (unheard < UNHEARD_OCTETS_MAX) continue;
    unheard = 0;
    yield new NextTurn(connection.socket, connection.deadlines.host);
    if (exchange.error !== null) throw exchange.error;
  }
  reader.cancel(new Error('The response came before the request body was sent'));
  exchange.nothingSent();
}

function* sendPiece(exchange: Exchange, piece: Uint8Array): Flow<void> {
  const { connection, sending } = exchange;
  for (let at = 0; at < piece.length && !exchange.unwanted; ) {
    const taken = connection.send(exchange, piece, at);
    at += taken;
    if (taken === 0) {
      exchange.writable = false;
      yield* sending.permission(null);
    } else if (isThenable(connection.written)) yield* sending.drained(connection.written);
    if (exchange.error !== null) throw exchange.error;
  }
}

/** What stands for an error that is `null` or `undefined`: an exchange that failed has one. */
function threwNothing(): Error {
  return new Error('Cannot send the request body: its source failed without an error');
}

/** The same within the flow of the call until there is a response, beside it from then on. What goes wrong fails the exchange. */
export function* uploadUntilAnswered(
  exchange: Exchange,
  reader: BodyReader,
  waits: DeadlineList,
  once: boolean,
): Flow<void> {
  const flow = upload(exchange, reader, waits, once);
  let result = flow.next();
  while (result.done !== true && exchange.status === 0) {
    let value: unknown;
    try {
      value = yield result.value;
    } catch (error) {
      result = flow.throw(error);
      continue;
    }
    result = flow.next(value);
  }
  if (result.done === true) return;
  // Whatever it waits for it looks at again when it is resumed.
  exchange.sending.isBeside = true;
  const failed = (error: unknown) => {
    reader.cancel(error);
    exchange.fail(error ?? threwNothing());
  };
  drive(flow, () => {}, failed);
}

/** The same beside the flow of the call from the start: on a connection of many, turns to send are given out meanwhile. */
export function* uploadAside(exchange: Exchange, reader: BodyReader, waits: DeadlineList, once: boolean): Flow<void> {
  exchange.sending.isBeside = true;
  drive(
    upload(exchange, reader, waits, once),
    () => exchange.wake(),
    (error) => {
      // One that was not begun may go with another exchange: that is for the call to decide, while it waits for a response.
      if (exchange.bodyBegun || exchange.status !== 0) reader.cancel(error);
      exchange.fail(error ?? threwNothing());
    },
  );
  while (exchange.status === 0 && exchange.sent !== 'full') {
    if (exchange.error !== null) throw exchange.error;
    yield exchange;
  }
}
