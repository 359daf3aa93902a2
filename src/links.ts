/**
 * The Link field (RFC 8288 §3): targets and their parameters by relation type. Quotes are heeded: commas, semicolons and equals
 * signs in them separate nothing. As httpx does, a target without its brackets is taken for one; without its end it is none.
 */

/** A link: its target, as it is written, and its parameters by their names in lower case. */
export type Link = Readonly<Record<string, string>> & { readonly url: string };

const TARGET = /<([^>]*)>|([^<;,][^;,]*|(?=;))/y;
/** A parameter, or nothing, and what separates it from the next. */
const PARAMETER = /[ \t]*([^=;,]*)(?:=[ \t]*(?:"((?:[^"\\]|\\.)*)"?[^;,]*|([^;,]*)))?([;,]|$)/sy;
/** What stands between links; quotes around one are dropped, as httpx does. */
const BETWEEN = /[ \t,'"]*/y;
const AROUND = /^[ \t'"]+|[ \t'"]+$/g;

/**
 * Links of a field, or of several that are joined by commas, by relation type; those of none by their target. The last one
 * of a name counts. An object without prototype.
 */
export function linksOf(field: string | null): Readonly<Record<string, Link>> {
  const links: Record<string, Link> = Object.create(null);
  if (field === null) return links;
  for (let at = skipped(BETWEEN, field, 0); at < field.length; at = skipped(BETWEEN, field, at)) {
    TARGET.lastIndex = at;
    const found = TARGET.exec(field);
    if (found === null) break;
    const [, enclosed, bare = ''] = found;
    const link: Record<string, string> = Object.create(null);
    link.url = enclosed ?? bare.replace(AROUND, '');
    at = addParameters(link, field, TARGET.lastIndex);
    for (const name of namesOf(link as Link)) links[name] = link as Link;
  }
  return links;
}

/** A parameter counts where it is given first (RFC 8288 §3.3). Returns the index behind the link. */
function addParameters(link: Record<string, string>, field: string, start: number): number {
  let at = start;
  for (;;) {
    PARAMETER.lastIndex = at;
    const [, name = '', quoted, plain, end = ''] = PARAMETER.exec(field) ?? [];
    at = PARAMETER.lastIndex;
    const key = name.trim().toLowerCase();
    if (key !== '' && !(key in link)) link[key] = quoted?.replace(/\\(.)/gs, '$1') ?? (plain ?? '').replace(AROUND, '');
    if (end !== ';') return at;
  }
}

/** A link may have several relation types (RFC 8288 §3.3). */
function namesOf(link: Link): readonly string[] {
  const types = (link.rel ?? '').split(/[ \t]+/).filter((type) => type !== '');
  return types.length === 0 ? [link.url] : types;
}

function skipped(pattern: RegExp, field: string, at: number): number {
  pattern.lastIndex = at;
  pattern.exec(field);
  return pattern.lastIndex;
}
