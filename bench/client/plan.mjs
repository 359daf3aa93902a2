/** Who is measured in a scenario, how often, and how long that takes. */
import { leftByQuickOf, unheededOf } from './scenarios.mjs';

/** Seconds of one measurement beside warm-up and window, or of all of it where there are none, on an idle machine: measured. */
const SECONDS = { get: 0.3, content: 0.5, turns: 0.3, download: 1.6, upload: 3.5, start: 0.3, heap: 1.5, growth: 9 };
/** Kinds that have a warm-up and a window. */
const WINDOWED = ['get', 'content', 'turns'];
/** Warm-up is CPU, of which a client gets this share: a server on the same core takes the rest. */
const CPU_SHARE = 0.9;

/** What the short run leaves out. */
export const LEFT_BY_QUICK = [
  'peers that no ratio is formed to',
  'of S8g and S8b all peers but raw and undici.request',
];

/** The peers of a scenario among `chosen`; the short run has fewer, unless it was asked for peers. */
export function peersOf(scenario, { chosen, quick, asked }) {
  const left = quick && !asked ? leftByQuickOf(scenario) : [];
  return scenario.peers.filter((peer) => chosen.includes(peer) && !left.includes(peer));
}

/** Seconds that all measurements of a scenario take. */
export function secondsOf(scenario, peers, { rounds, warmupMs, windowMs }) {
  const seldom = unheededOf(scenario).filter((peer) => peers.includes(peer)).length;
  const times = seldom + (peers.length - seldom) * rounds;
  const windowed = WINDOWED.includes(scenario.kind) ? (warmupMs / CPU_SHARE + windowMs) / 1000 : 0;
  return times * (scenario.processes ?? 1) * (SECONDS[scenario.kind] + windowed);
}
