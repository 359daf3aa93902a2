/**
 * `npm run bench -- report`: draws the report from data.json: bench/report/README.md, its charts, and the figures that the
 * project's README quotes. The charts are Vega-Lite's; they are the same for the same data.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { installPeers } from '../client/package.mjs';
import { withFigures } from './quoted.mjs';
import { CHARTS, reportOf } from './tables.mjs';

const FOLDER = new URL('../report/', import.meta.url);
const README = new URL('../../README.md', import.meta.url);
export const DATA = new URL('data.json', FOLDER);

/** Draws a chart of Vega-Lite as SVG. */
async function svgOf(specification) {
  const [{ compile }, { Error: ERRORS_ONLY, parse, View }] = await Promise.all([import('vega-lite'), import('vega')]);
  const view = new View(parse(compile(specification).spec), { renderer: 'none', logLevel: ERRORS_ONLY });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}

export async function draw() {
  installPeers();
  const { chartsOf } = await import('./charts.mjs');
  const data = JSON.parse(readFileSync(DATA, 'utf8'));
  const charts = chartsOf(data);
  for (const [name] of CHARTS) writeFileSync(new URL(`${name}.svg`, FOLDER), `${await svgOf(charts[name])}\n`);
  writeFileSync(new URL('README.md', FOLDER), reportOf(data));
  writeFileSync(README, withFigures(readFileSync(README, 'utf8'), data));
  console.error('bench/report/README.md, its charts and the figures of README.md are those of bench/report/data.json');
}
