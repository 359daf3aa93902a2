/** What is shown of the measurements of each kind of scenario, as figures.mjs takes it. */

const share = { key: 'user', name: 'user', unit: '%', digits: 0, of: ({ userUs, cpuUs }) => (userUs / cpuUs) * 100 };
const seconds = ({ wallMs }) => wallMs / 1000;
const KIB = 1024;
const MIB = 2 ** 20;

const rate = { key: 'rate', name: 'rate', unit: 'requests/s', digits: 0, of: (one) => one.units / seconds(one) };

/** What is shown of the measurements of each kind; the first is the one that profiles are told in. */
export const MEASURES = {
  get: [
    { key: 'cpu', name: 'CPU', unit: 'µs/request', digits: 2, spread: true, of: ({ cpuUs, units }) => cpuUs / units },
    share,
    rate,
  ],
  content: [
    {
      key: 'cpu',
      name: 'CPU',
      unit: 'ms/request',
      digits: 2,
      spread: true,
      of: ({ cpuUs, units }) => cpuUs / units / 1000,
    },
    share,
    rate,
  ],
  bulk: [
    {
      key: 'cpu',
      name: 'CPU',
      unit: 'ms/GiB',
      digits: 0,
      spread: true,
      of: ({ cpuUs, units }) => cpuUs / units / 1000,
    },
    share,
    { key: 'rate', name: 'rate', unit: 'MiB/s', digits: 0, of: (one) => (one.units * 1024) / seconds(one) },
  ],
  turns: [
    {
      key: 'wall',
      name: 'wall',
      unit: 'µs/request',
      digits: 1,
      spread: true,
      of: ({ wallMs, units }) => (wallMs * 1000) / units,
    },
    { key: 'cpu', name: 'CPU', unit: 'µs/request', digits: 1, spread: true, of: ({ cpuUs, units }) => cpuUs / units },
  ],
  start: [
    { key: 'wall', name: 'wall', unit: 'ms', digits: 1, spread: true, of: ({ wallMs }) => wallMs },
    { key: 'cpu', name: 'CPU', unit: 'ms', digits: 1, spread: true, of: ({ cpuUs }) => cpuUs / 1000 },
    {
      key: 'rss',
      name: 'RSS',
      unit: 'MiB',
      digits: 1,
      spread: true,
      counted: true,
      of: ({ rssOctets }) => rssOctets / MIB,
    },
  ],
  heap: [
    {
      key: 'idle',
      name: 'idle',
      unit: 'KB',
      digits: 2,
      spread: true,
      counted: true,
      of: ({ idle }) => idle.heap / KIB,
    },
    {
      key: 'flight',
      name: 'in flight',
      unit: 'KB',
      digits: 2,
      spread: true,
      counted: true,
      of: ({ flight }) => flight.heap / KIB,
    },
    { key: 'rss', name: 'in flight, RSS', unit: 'KB', digits: 1, spread: true, of: ({ flight }) => flight.rss / KIB },
  ],
};

/** What is shown of growing loads: what each costs, and how much more that is at the largest than at the smallest. */
export function growthMeasures(sizes) {
  const cost = (loads, index) => loads[index].cpuUs / loads[index].units;
  const each = sizes.map((size, index) => ({
    key: `at ${size}`,
    name: size.toLocaleString('en-US'),
    unit: 'µs/request',
    digits: 2,
    spread: true,
    of: ({ loads }) => cost(loads, index),
  }));
  const last = sizes.length - 1;
  const of = ({ loads }) => cost(loads, last) / cost(loads, 0);
  return [...each, { key: 'growth', name: 'growth', unit: 'times', digits: 2, spread: true, of }];
}
