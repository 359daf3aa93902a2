/** On which cores of the machine processes can be held: those that this one is allowed, not all that there are. */
import { readFileSync } from 'node:fs';

/** The numbers of a list as Linux writes it: "0-2,8". */
export function coresIn(list) {
  return list.split(',').flatMap((part) => {
    const [first, last = first] = part.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

/** The cores that this process may run on; none where the system does not say. */
export function allowedCores() {
  if (process.platform !== 'linux') return [];
  const [, list] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? [];
  return list === undefined ? [] : coresIn(list);
}
