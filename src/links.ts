/**
 * The Link field (RFC 8288 §3): targets and their parameters by relation type. Quotes are heeded: commas, semicolons and equals
 * signs in them separate nothing. As httpx does, a target without its brackets is taken for one; without its end it is none.
 */

/** A link: its target, as it is written, and its parameters by their names in lower case. */
export type Link = Readonly<Record<string, string>> & { readonly url: string };

const SPACE = ' \t';
/** What stands between links; quotes around one are dropped, as httpx does. */
const BETWEEN = ` \t,'"`;
const AROUND = ` \t'"`;

/**
 * Links of a field, or of several that are joined by commas, by relation type; those of none by their target. The last one
 * of a name counts. An object without prototype. Takes time in proportion to the field's length (SECURITY 5.5).
 */
export function linksOf(field: string | null): Readonly<Record<string, Link>> {
  const links: Record<string, Link> = Object.create(null);
  if (field === null) return links;
  for (let at = behind(field, 0, BETWEEN); at < field.length; at = behind(field, at, BETWEEN)) {
    const link: Record<string, string> = Object.create(null);
    if (field[at] === '<') {
      const end = field.indexOf('>', at);
      if (end < 0) break;
      link.url = field.slice(at + 1, end);
      at = end + 1;
    } else {
      const end = before(field, at, ';,');
      link.url = stripped(field.slice(at, end));
      at = end;
    }
    at = addParameters(link, field, at);
    for (const name of namesOf(link as Link)) links[name] = link as Link;
  }
  return links;
}

/** A parameter counts where it is given first (RFC 8288 §3.3). Returns the index behind the link. */
function addParameters(link: Record<string, string>, field: string, start: number): number {
  let at = before(field, start, ';,');
  while (field[at] === ';') {
    const nameEnd = before(field, at + 1, '=;,');
    const name = field
      .slice(at + 1, nameEnd)
      .trim()
      .toLowerCase();
    let value = '';
    at = nameEnd;
    if (field[at] === '=') {
      at = behind(field, at + 1, SPACE);
      const isQuoted = field[at] === '"';
      const end = isQuoted ? quoteEnd(field, at + 1) : before(field, at, ';,');
      value = isQuoted ? field.slice(at + 1, end).replace(/\\(.)/gs, '$1') : stripped(field.slice(at, end));
      at = before(field, end, ';,');
    }
    if (name !== '' && !(name in link)) link[name] = value;
  }
  return at;
}

/** A link may have several relation types (RFC 8288 §3.3). */
function namesOf(link: Link): readonly string[] {
  const { rel = '' } = link;
  if (rel === '') return [link.url];
  const types = rel.split(/[ \t]+/).filter((type) => type !== '');
  return types.length === 0 ? [link.url] : types;
}

/** The first index from `at` on whose character is none of these. */
function behind(text: string, at: number, characters: string): number {
  let end = at;
  while (end < text.length && characters.includes(text[end] as string)) end++;
  return end;
}

/** The first index from `at` on whose character is one of these, or the end. */
function before(text: string, at: number, characters: string): number {
  let end = at;
  while (end < text.length && !characters.includes(text[end] as string)) end++;
  return end;
}

/** Where a quoted string ends, whose beginning is before `at`. */
function quoteEnd(text: string, at: number): number {
  let end = at;
  while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return Math.min(end, text.length);
}

/** Without spaces and quotes around it. */
function stripped(text: string): string {
  const start = behind(text, 0, AROUND);
  let end = text.length;
  while (end > start && AROUND.includes(text[end - 1] as string)) end--;
  return text.slice(start, end);
}
