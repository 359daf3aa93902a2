/**
 * The picture of a connection's states in assembly/README.md is made of the table in assembly/h1/state.ts: this makes it
 * anew and compares. Where they differ, the text that the README should hold is in the failure.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const fileOf = (path: string): string => readFileSync(new URL(`../../assembly/${path}`, import.meta.url), 'utf8');

interface Constant {
  readonly name: string;
  readonly value: number;
  /** What may follow, as the comment says behind its arrow. */
  readonly next: readonly string[];
}

/** The numbers of one section of the source, each with what its comment names behind "→". */
function constantsOf(section: string): Constant[] {
  const found = section.matchAll(/(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?export const (\w+): u32 = (\d+);/g);
  return [...found].map(([, comment, name, value]) => ({
    name: name as string,
    value: Number(value),
    next: (/→ ([A-Z_, ]+)/.exec(comment ?? '')?.[1] ?? '').split(/[, ]+/).filter((word) => word !== ''),
  }));
}

/** How a record of an outcome is named beside the input that brings it about. */
const RECORDS: Record<string, string> = {
  DO_REFUSE: ' (ERROR)',
  DO_FINISH: ' (END)',
  DO_FINISH_LAST: ' (END)',
  DO_TUNNEL: ' (UPGRADE)',
};

/** The picture that a source of states, inputs, outcomes and their table gives. */
function pictureOf(source: string): string {
  const [, states = '', inputs = '', outcomes = ''] = source.split(/^\/\/ ── .*$/m);
  const rows = constantsOf(states);
  const columns = constantsOf(inputs).map(({ name }) => name.replace('INPUT_', '').replaceAll('_', ' ').toLowerCase());
  const byValue = new Map(constantsOf(outcomes).map((outcome) => [outcome.value, outcome]));
  const table = [...source.matchAll(/^ +\/\* (\w+) \*\/([ \d,]+)$/gm)];
  if (table.length !== rows.length) throw new Error(`Cannot draw ${rows.length} states of ${table.length} rows`);
  const edges = new Map<string, string[]>();
  const draw = (from: string, to: string, label: string): void => {
    edges.set(`${from} --> ${to}`, [...(edges.get(`${from} --> ${to}`) ?? []), label]);
  };
  for (const [i, [, name = '', cells = '']] of table.entries()) {
    const row = rows[i] as Constant;
    if (row.name !== name) throw new Error(`Cannot draw row ${i}: ${name} stands where ${row.name} should`);
    for (const [column, cell] of (cells.match(/\d+/g) ?? []).entries()) {
      const outcome = byValue.get(Number(cell)) as Constant;
      const label = `${columns[column]}${RECORDS[outcome.name] ?? ''}`;
      const next = outcome.name === 'DO_READ' ? row.next : outcome.name === 'DO_TUNNEL' ? [name] : outcome.next;
      for (const to of next) draw(name, to, label);
    }
  }
  const lines = [...edges].map(([edge, labels]) => `  ${edge}: ${labels.join(', ')}`);
  return ['```mermaid', 'stateDiagram-v2', '  [*] --> IDLE', '  [*] --> BETWEEN', ...lines, '```'].join('\n');
}

test('the picture in the README is that of the table', () => {
  const picture = pictureOf(fileOf('h1/state.ts'));
  expect(/```mermaid\n[\s\S]*?```/.exec(fileOf('README.md'))?.[0]).toBe(picture);
});

test('a table that says something else gives another picture', () => {
  const source = fileOf('h1/state.ts');
  const changed = source.replace(/(\/\* FIXED \*\/ +0, +0, +)4/, '$15');
  expect(changed).not.toBe(source);
  expect(pictureOf(changed)).not.toBe(pictureOf(source));
});
