// The tables of docs/hosts.md: which group of the suite holds on which host, and what bundlers make of the package.
import { readFileSync, writeFileSync } from 'node:fs';

const page = new URL('../../docs/hosts.md', import.meta.url);
const END = '<!-- end -->';
/** The tables, by the mark that each begins behind. */
const TABLES = [
  {
    begin: '<!-- begin: node test/hosts/conformance.mjs --table -->',
    first: 'host',
    isRow: ({ kind }) => kind !== 'bundler' && kind !== 'component',
  },
  {
    begin: '<!-- begin: components, by the same command -->',
    first: 'component',
    isRow: ({ kind }) => kind === 'component',
    of: ({ component }) => `All ran the \`http-core.component.wasm\` whose SHA-256 is \`${component}\`.`,
  },
  { begin: '<!-- begin: bundlers, by the same command -->', first: 'bundler', isRow: ({ kind }) => kind === 'bundler' },
];

/** `7` where all hold, `6 of 7` where cases fail, `–` where none applies; cases that do not apply are not counted. */
function cellOf(results, group) {
  const own = results.filter(({ name }) => name.startsWith(`${group}: `));
  const judged = own.filter(({ skipped }) => skipped === undefined);
  const passed = judged.filter((result) => result.passed).length;
  if (judged.length === 0) return '–';
  return passed === judged.length ? `${passed}` : `${passed} of ${judged.length}`;
}

function rowsOf(table, first) {
  const groups = [...new Set(table.flatMap(({ results }) => results.map(({ name }) => name.split(':')[0])))];
  return [
    `| ${first} | ${groups.join(' | ')} |`,
    `| --- |${groups.map(() => ' ---: |').join('')}`,
    ...table.map(({ host, results }) => `| ${host.name} | ${groups.map((g) => cellOf(results, g)).join(' | ')} |`),
  ];
}

/** What the rows of a table ran. */
const ofPackage = (digests) => `All ran the \`core.wasm\` whose SHA-256 is \`${digests.package}\`.`;

/** Writes each table between its marks; one of which nothing ran stays as it is. */
export function writeTable(table, digests) {
  let text = readFileSync(page, 'utf8');
  for (const { begin, first, isRow, of = ofPackage } of TABLES) {
    const own = table.filter(({ host }) => isRow(host));
    if (own.length === 0) continue;
    const from = text.indexOf(begin) + begin.length;
    const to = text.indexOf(END, from);
    if (from < begin.length || to < from)
      throw new Error(`Cannot write a table: docs/hosts.md has no place for ${begin}`);
    text = `${text.slice(0, from)}\n\n${rowsOf(own, first).join('\n')}\n\n${of(digests)}\n\n${text.slice(to)}`;
  }
  writeFileSync(page, text);
}
