/**
 * llhttp driven the way undici drives it (lib/dispatcher/client-h1.js): a Buffer over every name and value, gathered in an
 * array, a look at the names that steer a connection, the reason phrase as a string, and undici's own parseHeaders when
 * the head is complete. Timers, queues and requests, which undici's callbacks also serve, are left out.
 */
import assert from 'node:assert';
import { createRequire } from 'node:module';
import { Parser } from './llhttp.mjs';

const { bufferToLowerCasedHeaderName, parseHeaders } = createRequire(import.meta.url)('undici/lib/core/util.js');
const FastBuffer = Buffer[Symbol.species];
const HEAD_OCTETS_MAX = 16384;

/** What undici's parser keeps of a message. */
class Message {
  raw = [];
  octets = 0;
  reason = '';
  keepAlive = '';
  connection = '';
  contentLength = -1;
  isChunked = false;
  headers = null;

  field(piece) {
    if ((this.raw.length & 1) === 0) this.raw.push(piece);
    else this.raw[this.raw.length - 1] = Buffer.concat([this.raw[this.raw.length - 1], piece]);
    this.#count(piece.length);
  }

  value(piece) {
    const { raw } = this;
    if ((raw.length & 1) === 1) raw.push(piece);
    else raw[raw.length - 1] = Buffer.concat([raw[raw.length - 1], piece]);
    const name = raw[raw.length - 2];
    if (name.length === 10) {
      const known = bufferToLowerCasedHeaderName(name);
      if (known === 'keep-alive') this.keepAlive += piece.toString();
      else if (known === 'connection') this.connection += piece.toString();
    } else if (name.length === 14 && bufferToLowerCasedHeaderName(name) === 'content-length') {
      let length = Math.max(this.contentLength, 0);
      for (let at = 0; at < piece.length; at++) length = length * 10 + (piece[at] - 0x30);
      this.contentLength = length;
    } else if (name.length === 17 && bufferToLowerCasedHeaderName(name) === 'transfer-encoding') {
      this.isChunked = true;
    }
    this.#count(piece.length);
  }

  #count(octets) {
    this.octets += octets;
    if (this.octets >= HEAD_OCTETS_MAX) throw new Error('Cannot count a head: it is larger than undici allows');
  }

  complete(status) {
    assert(status === 200);
    assert((this.raw.length & 1) === 0);
    const { raw } = this;
    this.raw = [];
    this.octets = 0;
    this.headers = parseHeaders(raw);
  }

  end() {
    assert((this.raw.length & 1) === 0);
    this.reason = '';
    this.contentLength = -1;
    this.isChunked = false;
    this.keepAlive = '';
    this.connection = '';
    this.raw = [];
  }
}

export async function open({ head, fields }) {
  const octets = Buffer.from(head, 'latin1');
  const message = new Message();
  let heads = 0;
  const parser = new Parser((one) => {
    const slice = (at, length) => new FastBuffer(octets.buffer, at - one.at + octets.byteOffset, length);
    return {
      status: (_pointer, at, length) => {
        message.reason = slice(at, length).toString();
        return 0;
      },
      header_field: (_pointer, at, length) => {
        message.field(slice(at, length));
        return 0;
      },
      header_value: (_pointer, at, length) => {
        message.value(slice(at, length));
        return 0;
      },
      headers_complete: (_pointer, status) => {
        message.complete(status);
        heads++;
        return 0;
      },
      message_complete: () => {
        message.end();
        return 0;
      },
    };
  });
  return {
    run(count) {
      heads = 0;
      for (let left = count; left > 0; left--) parser.execute(octets);
      if (heads !== count) throw new Error(`Cannot count heads: ${heads} of ${count} came`);
    },
    found() {
      parser.execute(octets);
      const found = Object.entries(message.headers);
      if (found.length !== fields) throw new Error(`Cannot count a head: undici has ${found.length} headers`);
      return found;
    },
  };
}
