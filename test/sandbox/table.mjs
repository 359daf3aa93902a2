// The table of docs/sandbox.md: what of examples/sandbox works on which host, how large it is and how long it takes to start.
import { readFileSync, writeFileSync } from 'node:fs';

const page = new URL('../../docs/sandbox.md', import.meta.url);
const BEGIN = '<!-- begin: node test/sandbox/run.mjs --table -->';
const END = '<!-- end -->';
const OCTETS_PER_MB = 1e6;

/** `12` where all hold, `11 of 12` where cases fail. */
function cellOf(results) {
  const passed = results.filter((result) => result.passed).length;
  return passed === results.length ? `${passed}` : `${passed} of ${results.length}`;
}

function rowOf({ host, world, size, startMs, results }) {
  const start = startMs === undefined ? '–' : (startMs / 1000).toFixed(1);
  return `| ${host} | \`${world}\` | ${cellOf(results)} | ${(size / OCTETS_PER_MB).toFixed(1)} | ${start} |`;
}

/** Writes it between its marks. @throws if the page has no place for it. */
export function writeTable(table) {
  const text = readFileSync(page, 'utf8');
  const from = text.indexOf(BEGIN) + BEGIN.length;
  const to = text.indexOf(END, from);
  if (from < BEGIN.length || to < from) throw new Error('Cannot write the table: docs/sandbox.md has no place for it');
  const rows = table.filter(({ world }) => world !== undefined).map(rowOf);
  const head = ['| host | component | cases | size, MB | start, s |', '| --- | --- | ---: | ---: | ---: |'];
  writeFileSync(page, `${text.slice(0, from)}\n\n${[...head, ...rows].join('\n')}\n\n${text.slice(to)}`);
}
