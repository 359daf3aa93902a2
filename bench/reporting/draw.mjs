/**
 * `npm run bench -- report [22.json 26.json]`: draws the report from data.json, to which runs on other releases of Node are
 * added before: bench/report/README.md, its charts, and the figures that the project's README quotes. The charts are
 * Vega-Lite's; they are the same for the same data.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { installPeers } from '../client/package.mjs';
import { withFigures } from './quoted.mjs';
import { releasesFrom } from './releases.mjs';
import { CHARTS, reportOf } from './tables.mjs';

const FOLDER = new URL('../report/', import.meta.url);
const README = new URL('../../README.md', import.meta.url);
export const DATA = new URL('data.json', FOLDER);

/** Figures are told in fewer digits than these. */
const DIGITS = 5;

function rounded(_key, value) {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(DIGITS)) : value;
}

/** Draws a chart of Vega-Lite as SVG. */
async function svgOf(specification) {
  const [{ compile }, { Error: ERRORS_ONLY, parse, View }] = await Promise.all([import('vega-lite'), import('vega')]);
  const view = new View(parse(compile(specification).spec), { renderer: 'none', logLevel: ERRORS_ONLY });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}

const read = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** Writes the data of a run. */
export function keep(data, path) {
  writeFileSync(path, `${JSON.stringify(data, rounded, 1)}\n`);
}

/** Draws the report; `paths`: runs on other releases of Node, which become part of its data. @throws {UsageError} */
export async function draw(_options, paths = []) {
  const found = read(DATA);
  if (paths.length > 0) keep({ ...found, releases: releasesFrom(paths, found) }, DATA);
  const data = read(DATA);
  installPeers();
  const { chartsOf } = await import('./charts.mjs');
  const charts = chartsOf(data);
  for (const [name] of CHARTS) writeFileSync(new URL(`${name}.svg`, FOLDER), `${await svgOf(charts[name])}\n`);
  writeFileSync(new URL('README.md', FOLDER), reportOf(data));
  writeFileSync(README, withFigures(readFileSync(README, 'utf8'), data));
  console.error('bench/report/README.md, its charts and the figures of README.md are those of bench/report/data.json');
}
