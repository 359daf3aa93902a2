// The suite that runs unchanged on every host. A case passes, fails, or says in words why it does not apply.
import { blocking } from './cases/blocking.mjs';
import { client, sockets, tls } from './cases/client.mjs';
import { codings, http1 } from './cases/core.mjs';
import { counts } from './cases/counts.mjs';
import { fetch } from './cases/fetch.mjs';
import { http2, proxies, startTls } from './cases/network.mjs';
import { page } from './cases/page.mjs';
import { files, pipelines } from './cases/pipelines.mjs';
import { streams } from './cases/streams.mjs';

const groups = {
  client,
  sockets,
  tls,
  startTls,
  proxies,
  streams,
  pipelines,
  files,
  codings,
  http1,
  http2,
  fetch,
  page,
  counts,
  blocking,
};
const CASE_MS = 120_000;

function inTime(work, name) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${name} did not end in ${CASE_MS} ms`)), CASE_MS);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/**
 * Runs all cases one after the other.
 * @param modules `{ httpx, core, fetching, counted }`: the package's entries as the host imports them; what gives the metered modules and
 *   what is to be done to them (../counts.mjs)
 * @param servers what server.mjs printed, and `closedPort`
 * @param host `{ without?, features, options?, secureOptions? }`: groups that are not for the host, what it can do, and what
 *   its clients need for it
 * @returns `{ name, passed, skipped?, failed? }` of each case
 */
export async function runSuite(modules, servers, host) {
  const features = new Set(host.features);
  const options = host.options ?? {};
  const context = {
    ...modules,
    features,
    options,
    secureOptions: host.secureOptions ?? { verify: { ca: servers.ca } },
    base: `http://127.0.0.1:${servers.plain}`,
    rawBase: `http://127.0.0.1:${servers.raw}`,
    secureBase: `https://localhost:${servers.secure}`,
    unknownBase: `https://localhost:${servers.unknown}`,
    h2cBase: `http://127.0.0.1:${servers.h2c}`,
    h2Base: `https://localhost:${servers.h2}`,
    startBase: `http://127.0.0.1:${servers.start}`,
    proxyUrl: `http://127.0.0.1:${servers.proxy}`,
    socksUrl: `socks5h://127.0.0.1:${servers.socks}`,
    plainPort: servers.plain,
    closedPort: servers.closedPort,
  };
  const results = [];
  for (const [group, { only, needs, cases }] of Object.entries(groups)) {
    if (only !== undefined && !features.has(only)) continue;
    const isTried = host.without?.includes(group) !== true;
    const lacking = isTried ? needs.filter((feature) => !features.has(feature)) : ['part in this group'];
    for (const [title, run] of Object.entries(cases)) {
      const name = `${group}: ${title}`;
      if (lacking.length > 0) {
        results.push({ name, skipped: `the host has no ${lacking.join(', ')}` });
        continue;
      }
      context.client = new modules.httpx.AsyncClient(options);
      try {
        const reason = await inTime(run(context), name);
        results.push(reason === undefined ? { name, passed: true } : { name, skipped: reason });
      } catch (error) {
        results.push({
          name,
          failed: `${error.message}\n${error.stack}${error.cause ? `\n${error.cause.stack ?? error.cause}` : ''}`,
        });
      } finally {
        await context.client.aclose();
      }
    }
  }
  return results;
}
