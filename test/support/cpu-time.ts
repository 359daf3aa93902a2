/** CPU time, for tests of costs: unlike time it does not grow while others are busy on the same machine. */

/** Milliseconds of CPU that all threads of this process have used. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
