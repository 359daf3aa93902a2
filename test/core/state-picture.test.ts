/**
 * The pictures of states in assembly/README.md are made of the tables in assembly/h1/state.ts (connections) and
 * assembly/h2/state.ts (streams): this makes them anew and compares. Where they differ, the text that the README should hold is
 * in the failure.
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
  DO_HEAD_LAST: ' (END)',
  DO_TRAILERS: ' (END)',
  DO_CONTENT_LAST: ' (END)',
  DO_RESET: ' (RESET)',
  DO_RESET_LAST: ' (END)',
  DO_REFUSE_EARLY: ' (STREAM_ERROR)',
  DO_REFUSE_OPEN: ' (STREAM_ERROR)',
};

/** The picture that a source of states, inputs, outcomes and their table gives; it begins in `first`. */
function pictureOf(source: string, first: readonly string[]): string {
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
      const own = outcome.next.filter((to) => row.next.length === 0 || row.next.includes(to));
      const next = outcome.name === 'DO_READ' ? row.next : outcome.name === 'DO_TUNNEL' ? [name] : own;
      for (const to of next) draw(name, to, label);
    }
  }
  const lines = [...edges].map(([edge, labels]) => `  ${edge}: ${labels.join(', ')}`);
  return ['```mermaid', 'stateDiagram-v2', ...first.map((state) => `  [*] --> ${state}`), ...lines, '```'].join('\n');
}

const CONNECTION_BEGINS = ['IDLE', 'BETWEEN'];
const STREAM_BEGINS = ['SENDING_HEAD', 'SENT_HEAD'];

test('the pictures in the README are those of the tables', () => {
  const pictures = [
    pictureOf(fileOf('h1/state.ts'), CONNECTION_BEGINS),
    pictureOf(fileOf('h2/state.ts'), STREAM_BEGINS),
  ];
  expect(fileOf('README.md').match(/```mermaid\n[\s\S]*?```/g)).toEqual(pictures);
});

test('a table that says something else gives another picture', () => {
  const source = fileOf('h1/state.ts');
  const changed = source.replace(/(\/\* FIXED \*\/ +0, +0, +)4/, '$15');
  expect(changed).not.toBe(source);
  expect(pictureOf(changed, CONNECTION_BEGINS)).not.toBe(pictureOf(source, CONNECTION_BEGINS));
});
