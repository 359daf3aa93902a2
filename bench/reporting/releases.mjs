/**
 * Runs on other releases of Node beside the report's own. A peer's JavaScript, V8 and Node's own code are other programs there,
 * so that a ratio moves between releases by more than from run to run: the least and most over all of them is the spread that
 * the report states for a ratio wherever it is measured.
 */
import { readFileSync } from 'node:fs';
import { digitsNear, shownSpread } from '../figures.mjs';
import { UsageError } from '../usage.mjs';
import { differingCounts } from './counts.mjs';
import { rangeOf, ratiosOf, timedLayersOf } from './ratios.mjs';

const targetsOf = (layers) => Object.values(layers).flatMap(({ summaries }) => summaries.flatMap((one) => one.targets));
const nodeOf = (data) => data.client.machine.node;

/** A run of everything on another release, from the file that it left: { data, path }. @throws {UsageError} */
function readRun(path, report) {
  const refused = (why) => new UsageError(`Cannot add ${path} to the report: ${why}`);
  let data;
  try {
    data = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw refused(error.message);
  }
  const lacking = ['exact', ...Object.keys(timedLayersOf(report))].filter((name) => data?.[name] === undefined);
  if (lacking.length > 0) throw refused(`it has no ${lacking.join(', ')} (npm run bench -- --node 22 --out ${path})`);
  if (nodeOf(data) === nodeOf(report)) throw refused(`it is of Node ${nodeOf(data)}, as the report is`);
  const { differing } = differingCounts(report.exact, data.exact);
  if (differing.length > 0) throw refused(`it counts otherwise: ${differing[0]}`);
  return data;
}

/**
 * What the report keeps of runs on other releases: [{ node, date, command, rounds, ratios, targets }]; ratios: spreads by what
 * they are of, those of the report's own run; targets: [{ scenario, peer, text, value }].
 * @throws {UsageError} for a file that is no such run, or one that counts otherwise
 */
export function releasesFrom(paths, report) {
  const own = ratiosOf(timedLayersOf(report));
  const releases = paths.map((path) => {
    const data = readRun(path, report);
    const layers = timedLayersOf(data);
    return {
      node: nodeOf(data),
      date: data.date,
      command: data.command,
      rounds: data.client.rounds,
      ratios: Object.fromEntries([...ratiosOf(layers)].filter(([what]) => own.has(what))),
      targets: targetsOf(layers).map(({ scenario, peer, text, value }) => ({ scenario, peer, text, value })),
    };
  });
  return releases.toSorted((a, b) => a.node.localeCompare(b.node, 'en', { numeric: true }));
}

/** The spread that the data of a run states for a ratio: that of its own rounds, and the range over all releases it has. */
export function statedOf(data, own) {
  const releases = data?.releases ?? [];
  return (what) => rangeOf([own.get(what), ...releases.map(({ ratios }) => ratios[what])].filter(Boolean));
}

/** The table of all targets on each release; `null` where there is one alone. */
export function releasesTable(data, { number, table }) {
  const { releases = [] } = data;
  if (releases.length === 0) return null;
  const layers = timedLayersOf(data);
  const own = ratiosOf(layers);
  const stated = statedOf(data, own);
  const whatOf = ({ scenario, peer, text }) => `${scenario}: ${peer}, ${text}`;
  const isSame = (a, b) => a.scenario === b.scenario && a.peer === b.peer && a.text === b.text;
  const measured = targetsOf(layers).filter((target) =>
    releases.some(({ targets }) => targets.some((one) => isSame(one, target) && one.value !== null)),
  );
  const rows = measured.map((target) => {
    const { scenario, peer, text, value, limit, stretch } = target;
    const shown = (one, spread) => {
      if (spread !== undefined) return shownSpread(spread);
      return one === null ? '' : number(one, digitsNear(one, [limit, stretch ?? limit]));
    };
    const what = whatOf(target);
    const others = releases.map(({ targets, ratios }) => {
      const found = targets.find((one) => isSame(one, target));
      return shown(found?.value ?? null, ratios[what]);
    });
    const range = own.has(what) ? stated(what) : null;
    const all = range === null ? '' : `${number(range.min, 2)}–${number(range.max, 2)}`;
    return [scenario, peer, text, number(limit, 2), shown(value, own.get(what)), ...others, all];
  });
  const made = releases.map(({ node, date, command }) => `Node ${node} by \`${command}\` on ${date}`);
  const headings = ['', 'whose', 'what', 'at most', nodeOf(data), ...releases.map(({ node }) => node), 'stated spread'];
  return `${made.join(', ')}. Targets hold for ${nodeOf(data)} alone. The last column is the least and the most of all rounds of \
all these runs: the spread that is stated for a ratio on any of these releases (\`compare\` has it for each body, too).

${table([headings, ...rows])}`;
}
