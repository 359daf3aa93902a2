/** The canned responses as HTTP/2 has them: the same contents, names in lower case, no field that is HTTP/1.1's alone. */
import { cdnFields, smallFields } from '../corpus/heads.mjs';
import { Random } from '../corpus/random.mjs';
import { canned as cannedInHttp1 } from './responses.mjs';

const ONLY_HTTP1 = new Set(['connection', 'transfer-encoding']);

/** The field list of a scenario's response, without `:status`. */
export function listOf({ response }) {
  const { content } = cannedInHttp1({ response });
  const fields = response === 'tiny' ? smallFields(content.length) : cdnFields(new Random(0x53336a73), content.length);
  return fields.map(([name, value]) => [name.toLowerCase(), value]).filter(([name]) => !ONLY_HTTP1.has(name));
}

/** { wire, fields, content }, as `canned` of responses.mjs says; `wire`: none, frames differ from stream to stream. */
export function canned(scenario) {
  return { wire: Buffer.alloc(0), fields: listOf(scenario).length, content: cannedInHttp1(scenario).content };
}
