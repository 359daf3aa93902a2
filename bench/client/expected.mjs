/** What a client must find in a response; plain data, so that a measuring process need not make the response itself. */
import { digestOf } from '../digest.mjs';

/** Strides of the digest: every response, and (one in `WHOLE_EVERY`) every octet. */
const STRIDE = 61;
const WHOLE_EVERY = 64;

/** What `Expected` is made of; fields and type are enough where the content is checked otherwise. */
export function expectationOf({ wire, fields, type, content }) {
  return {
    wireOctets: wire.length,
    fields,
    type,
    contentOctets: content.length,
    sampled: digestOf(content, STRIDE),
    whole: digestOf(content, 1),
  };
}

/** The check that every client's every answer must pass. */
export class Expected {
  #sampled;
  #whole;
  #countdown = 0;

  constructor({ wireOctets, fields, type, contentOctets, sampled, whole }) {
    this.wireOctets = wireOctets;
    this.fields = fields;
    this.type = type;
    this.contentOctets = contentOctets;
    this.#sampled = sampled;
    this.#whole = whole;
  }

  /** @throws {Error} if status, number of fields or the value of Content-Type are not those of the response */
  checkHead(status, fields, type) {
    if (status === 200 && fields === this.fields && type === this.type) return;
    throw new Error(`Cannot count a response: status ${status}, ${fields} fields, Content-Type ${type}`);
  }

  /** @throws {Error} if these or length or digest of the content are not those of the response */
  check(status, fields, type, content) {
    this.checkHead(status, fields, type);
    const whole = this.#countdown === 0;
    this.#countdown = whole ? WHOLE_EVERY - 1 : this.#countdown - 1;
    const digest = whole ? digestOf(content, 1) : digestOf(content, STRIDE);
    if (content.length !== this.contentOctets || digest !== (whole ? this.#whole : this.#sampled)) {
      throw new Error(`Cannot count a response: ${content.length} octets of content, digest ${digest}`);
    }
  }
}
