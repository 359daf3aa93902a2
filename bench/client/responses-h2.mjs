/** The canned responses as HTTP/2 has them: the same contents, names in lower case, no field that is HTTP/1.1's alone. */
import { cdnFields, smallFields } from '../corpus/heads.mjs';
import { Random } from '../corpus/random.mjs';
import { canned as cannedInHttp1, sectionOf } from './responses.mjs';

const ONLY_HTTP1 = new Set(['connection', 'transfer-encoding']);

/** A field section of HTTP/1.1 as HTTP/2 has it, without `:status`. */
const inHttp2 = (fields) =>
  fields.map(([name, value]) => [name.toLowerCase(), value]).filter(([name]) => !ONLY_HTTP1.has(name));

/** The field list of a large content. */
export const bulkList = (octets) => inHttp2(smallFields(octets));

/** The field list of a scenario's response. */
export function listOf({ response }) {
  const { content } = cannedInHttp1({ response });
  const fields = response === 'tiny' ? smallFields(content.length) : cdnFields(new Random(0x53336a73), content.length);
  return inHttp2(fields);
}

/** { wire, fields, type, content }, as `canned` of responses.mjs says; `wire`: none, frames differ from stream to stream. */
export function canned(scenario) {
  return { wire: Buffer.alloc(0), ...sectionOf(listOf(scenario)), content: cannedInHttp1(scenario).content };
}
