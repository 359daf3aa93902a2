/** The report of the benchmarks and the figures in README.md are those of bench/report/data.json, and no others. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../source-syntax.js';

interface Tables {
  readonly CHARTS: readonly (readonly [name: string, text: string])[];
  reportOf(data: unknown): string;
  withFigures(readme: string, data: unknown): string;
}

const { CHARTS, reportOf, withFigures }: Tables = await import(join(ROOT, 'bench/reporting/tables.mjs'));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const data: unknown = JSON.parse(read('bench/report/data.json'));

/** The part of a document below a heading of the second level. */
function sectionOf(markdown: string, heading: string): string {
  const [, section = ''] = markdown.split(`\n## ${heading}\n`);
  return section.split('\n## ')[0] ?? '';
}

/** Figures with a decimal point, or of three digits and more; smaller whole numbers are names and counts. */
const figuresOf = (text: string): string[] =>
  (text.match(/\d+(?:,\d{3})*(?:\.\d+)?/g) ?? []).filter((figure) => figure.includes('.') || figure.length > 2);

describe('the report', () => {
  test('says what its data says', () => {
    expect(read('bench/report/README.md')).toBe(reportOf(data));
  });

  test('has every chart', () => {
    for (const [name] of CHARTS) expect(existsSync(join(ROOT, `bench/report/${name}.svg`)), name).toBe(true);
  });
});

describe('README.md', () => {
  const readme = read('README.md');

  test('quotes the figures of the report', () => {
    expect(withFigures(readme, data)).toBe(readme);
    expect(() => withFigures('# No place', data)).toThrow('Cannot quote figures');
  });

  test('has no figure about speed that is not in the report', () => {
    const known = new Set(figuresOf(read('bench/report/README.md')));
    // The report gives two decimals, themselves rounded, where the table of the README gives one or none.
    const rounded = [...known].flatMap((figure) => {
      const value = Number(figure.replaceAll(',', ''));
      return [0, 1].flatMap((digits) =>
        [-0.005, 0, 0.0049].map((off) =>
          (value + off).toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits }),
        ),
      );
    });
    const all = new Set([...known, ...rounded]);
    const figures = figuresOf(sectionOf(readme, 'Speed'));
    expect(figures.length).toBeGreaterThan(10);
    expect(figures.filter((figure) => !all.has(figure))).toEqual([]);
  });
});
