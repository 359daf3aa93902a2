// The table of docs/hosts.md: which group of the suite holds on which host.
import { readFileSync, writeFileSync } from 'node:fs';

const page = new URL('../../docs/hosts.md', import.meta.url);
const BEGIN = '<!-- begin: node test/hosts/conformance.mjs --table -->';
const END = '<!-- end -->';

/** `7` where all hold, `6 of 7` where cases fail, `–` where none applies; cases that do not apply are not counted. */
function cellOf(results, group) {
  const own = results.filter(({ name }) => name.startsWith(`${group}: `));
  const judged = own.filter(({ skipped }) => skipped === undefined);
  const passed = judged.filter((result) => result.passed).length;
  if (judged.length === 0) return '–';
  return passed === judged.length ? `${passed}` : `${passed} of ${judged.length}`;
}

/** Writes the table between its marks. */
export function writeTable(table, digest) {
  const groups = [...new Set(table.flatMap(({ results }) => results.map(({ name }) => name.split(':')[0])))];
  const rows = [
    `| host | ${groups.join(' | ')} |`,
    `| --- |${groups.map(() => ' ---: |').join('')}`,
    ...table.map(({ host, results }) => `| ${host.name} | ${groups.map((g) => cellOf(results, g)).join(' | ')} |`),
  ];
  const text = readFileSync(page, 'utf8');
  const [from, to] = [text.indexOf(BEGIN) + BEGIN.length, text.indexOf(END)];
  if (from < BEGIN.length || to < from) throw new Error('Cannot write the table: docs/hosts.md has no place for it');
  const made = `\n\n${rows.join('\n')}\n\nAll ran the \`core.wasm\` whose SHA-256 is \`${digest}\`.\n\n`;
  writeFileSync(page, text.slice(0, from) + made + text.slice(to));
}
