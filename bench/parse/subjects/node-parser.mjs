/** Node's own parser (llhttp in C++ behind HTTPParser), for information: every name and value arrives as a string. */
// Deprecated, and the only way to it.
import { HTTPParser } from 'node:_http_common';
import { fieldsOfPairs } from '../fields.mjs';

export async function open({ head }, { Parser = HTTPParser } = {}) {
  const octets = Buffer.from(head, 'latin1');
  const parser = new Parser();
  let texts = [];
  let heads = 0;
  /** Node hands over large heads in pieces, the last one with the head's end. */
  parser[Parser.kOnHeaders] = (some) => {
    texts.push(...some);
  };
  parser[Parser.kOnHeadersComplete] = (_major, _minor, some) => {
    if (some !== undefined) texts = some;
    heads++;
    return 0;
  };
  parser[Parser.kOnMessageComplete] = () => {};
  const parse = () => {
    texts = [];
    const answer = parser.execute(octets, 0, octets.length);
    if (answer !== octets.length) throw new Error(`Cannot count a head: the parser answers ${answer}`);
  };
  parser.initialize(Parser.RESPONSE, {});
  return {
    run(count) {
      heads = 0;
      for (let left = count; left > 0; left--) parse();
      if (heads !== count) throw new Error(`Cannot count heads: ${heads} of ${count} came`);
    },
    found() {
      parse();
      return fieldsOfPairs(texts);
    },
  };
}
