/**
 * Runs on other releases of Node beside the report's own. A peer's JavaScript, V8 and Node's own code are other programs there,
 * so that a ratio moves between releases by more than from run to run: the least and most over all of them is the spread that
 * the report states for a ratio wherever it is measured.
 */
import { readFileSync } from 'node:fs';
import { dayOf, digitsNear, shownSpread } from '../figures.mjs';
import { UsageError } from '../usage.mjs';
import { differingCounts } from './counts.mjs';
import { rangeOf, ratiosOf, timedLayersOf, whatOf } from './ratios.mjs';

const targetsOf = (layers) => Object.values(layers).flatMap(({ summaries }) => summaries.flatMap((one) => one.targets));
const nodeOf = (data) => data.client.machine.node;

/** The data of a run of everything on another release, from the file that it left. @throws {UsageError} */
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

/** What the report keeps of a run. */
function releaseOf(data, own) {
  const layers = timedLayersOf(data);
  const { cpu, cores, system } = data.client.machine;
  return {
    node: nodeOf(data),
    date: data.date,
    command: data.command,
    rounds: data.client.rounds,
    machine: `${cores} × ${cpu}, ${system}`,
    ratios: Object.fromEntries([...ratiosOf(layers)].filter(([what]) => own.has(what))),
    targets: targetsOf(layers).map(({ scenario, peer, text, value }) => ({ scenario, peer, text, value })),
  };
}

/**
 * What the report has of other releases, with the runs of `paths`, each in place of what it had of that release: [{ node, date,
 * command, rounds, machine, ratios, targets }]; ratios: spreads by what they are of, those of the report's own run; targets:
 * [{ scenario, peer, text, value }].
 * @throws {UsageError} for a file that is no such run, and for one that counts otherwise
 */
export function releasesFrom(paths, report) {
  const own = ratiosOf(timedLayersOf(report));
  const byNode = new Map((report.releases ?? []).map((release) => [release.node, release]));
  for (const path of paths) {
    const release = releaseOf(readRun(path, report), own);
    byNode.set(release.node, release);
  }
  return [...byNode.values()].toSorted((a, b) => a.node.localeCompare(b.node, 'en', { numeric: true }));
}

/** The spread that the data of a run states for a ratio: that of its own rounds, and the range over all releases it has. */
export function statedOf({ releases = [] }, own) {
  return (what) => rangeOf([own.get(what), ...releases.map(({ ratios }) => ratios[what])].filter(Boolean));
}

/** The least and most of single values. */
const rangeOfValues = (values) => rangeOf(values.map((value) => ({ min: value, max: value })));

/** The table of all targets on each release; `null` where there is one alone. */
export function releasesTable(data, { number, rangeText, table }) {
  const { releases = [] } = data;
  if (releases.length === 0) return null;
  const layers = timedLayersOf(data);
  const own = ratiosOf(layers);
  const stated = statedOf(data, own);
  const isSame = (a, b) => whatOf(a) === whatOf(b);
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
    const values = [value, ...releases.map(({ targets }) => targets.find((one) => isSame(one, target))?.value ?? null)];
    const range = own.has(what) ? stated(what) : rangeOfValues(values.filter((one) => one !== null));
    const all = rangeText(range);
    return [scenario, peer, text, number(limit, 2), shown(value, own.get(what)), ...others, all];
  });
  const made = releases.map(
    ({ node, date, command, machine }) => `Node ${node} by \`${command}\` on ${dayOf(date)} (${machine})`,
  );
  const headings = ['', 'whose', 'what', 'at most', nodeOf(data), ...releases.map(({ node }) => node), 'stated spread'];
  return `${made.join(', ')}. Targets hold for ${nodeOf(data)} alone. The last column is the spread \
that is stated for any of these releases: the least and the most of all rounds of these runs, of what is no ratio of two \
measurements, of their medians. \`npm run bench -- compare\` has it for every ratio, each coded body too.

${table([headings, ...rows])}`;
}
