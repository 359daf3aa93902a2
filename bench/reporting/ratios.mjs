/** What can be compared between runs: ratios of ours to each peer's, by what they are of. */
import { OURS_NAMES } from './charts.mjs';

const LAYERS = ['parse', 'hpack', 'codings', 'client'];

/** The timed layers that the data of a run has, by name. */
export const timedLayersOf = (data) =>
  Object.fromEntries(LAYERS.filter((name) => data[name] !== undefined).map((name) => [name, data[name]]));

/** What a ratio is of, as it is told and looked up. */
export const whatOf = ({ scenario, peer, text }) => `${scenario}: ${peer}, ${text}`;

/** The ratios of a scenario as [what, spread]: ours to each peer's; of the codings for each body. */
function ratiosOfSummary(summary) {
  const { scenario } = summary;
  if (summary.cells !== undefined) {
    return summary.cells.flatMap(({ corpus, octets, level, ratios }) =>
      Object.entries(ratios)
        .filter(([peer]) => !OURS_NAMES.includes(peer))
        .map(([peer, spread]) => [`${scenario}: ${corpus}, ${octets / 1024} KB, level ${level}, of ${peer}`, spread]),
    );
  }
  const names = new Map(summary.measures.map(({ key, name }) => [key, name]));
  return summary.peers
    .filter(({ name }) => OURS_NAMES.includes(name))
    .flatMap(({ name, ratios }) =>
      ratios
        .map((spread, at) => [summary.columns[at], spread])
        .filter(([{ to }]) => to !== name)
        .map(([{ of, to }, spread]) => [whatOf({ scenario, peer: name, text: `${names.get(of)} of ${to}` }), spread]),
    );
}

/** All ratios of a run: a map from what they are of to their spread. */
export const ratiosOf = (layers) =>
  new Map(Object.values(layers).flatMap(({ summaries }) => summaries.flatMap(ratiosOfSummary)));

/** Whether two spreads meet. */
export const doMeet = (a, b) => a.min <= b.max && b.min <= a.max;

/** The least and most of several spreads. */
export const rangeOf = (spreads) => ({
  min: Math.min(...spreads.map(({ min }) => min)),
  max: Math.max(...spreads.map(({ max }) => max)),
});
