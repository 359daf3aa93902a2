/** What every request with the same client headers to one host begins with: made once, and shared. */
import { Field } from './fields.js';
import { blockOf, Headers, type HeaderTypes } from './headers.js';

/** What requests to one host with the same client headers have in common: the list, and the text of its lines. */
export class RequestBase {
  readonly #list: readonly Field[];
  /** `null`: a field must not be sent; the request's own `block()` will say so. */
  readonly #block: string | null;

  /** `list` begins with Host, if there is one. */
  constructor(list: readonly Field[]) {
    this.#list = list;
    this.#block = list.every((field) => field.problem === null) ? blockOf(list) : null;
  }

  /**
   * Headers of one request. httpx's order: the base without the names that `extra` has, then `extra`; but a Host in `extra`
   * takes the place of the base's.
   */
  with(extra?: HeaderTypes): Headers {
    if (extra === undefined || extra === null) return Headers.fromFields(this.#list, this.#block);
    const added = Headers.fieldsOf(extra);
    if (added.length === 0) return Headers.fromFields(this.#list, this.#block);
    const list: Field[] = [];
    for (const field of this.#list) {
      if (!added.some((other) => other.lower === field.lower)) list.push(field);
    }
    const hosts = added.filter((field) => field.lower === 'host');
    list.unshift(...hosts);
    for (const field of added) if (field.lower !== 'host') list.push(field);
    return Headers.fromFields(list, null);
  }
}

/** Host, unless the client has one, then the client's fields. It holds until `client.revision` changes. */
export function requestBase(host: string, client: Headers): RequestBase {
  const fields = Headers.fieldsOf(client);
  const given = fields.find((field) => field.lower === 'host');
  const others = fields.filter((field) => field.lower !== 'host');
  if (given === undefined && host === '') return new RequestBase(others);
  return new RequestBase([given ?? new Field('Host', host, host), ...others]);
}
