// Runs the suite in a page of headless Chromium: bundled for browsers, served from here, its results posted back.
import { spawn } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundled } from './bundle.mjs';

const PAGE_MS = 120_000;
/** Shared memory in files, since containers have little of the other; nothing fetched that is no business of the page. */
const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--no-first-run',
];
const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** A page that runs a module; where that cannot be run, the page says so. */
const pageOf = (script) => `<!doctype html><script>
  addEventListener('error', ({ message, target }) => {
    const failed = message ?? "cannot load " + target.src;
    fetch('/results', { method: 'POST', body: JSON.stringify([{ name: 'the page', failed }]) });
  }, true);
</script><script type="module" src="/${script}"></script>`;

/** Serves the page and its facts; `results` is kept when they come. */
function serve(outdir, script, facts) {
  let tell;
  const results = new Promise((resolve) => {
    tell = resolve;
  });
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://page.invalid');
    if (pathname === '/results') {
      let text = '';
      for await (const piece of request) text += piece;
      response.end();
      tell(JSON.parse(text));
    } else if (pathname === '/facts') response.end(JSON.stringify(facts));
    else if (pathname === '/') response.setHeader('content-type', 'text/html').end(pageOf(script));
    else {
      try {
        const octets = readFileSync(join(outdir, pathname));
        response.setHeader('content-type', TYPES[extname(pathname)] ?? 'application/octet-stream').end(octets);
      } catch {
        response.writeHead(404).end();
      }
    }
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve({ server, results })));
}

/** The page of examples/browser, as its own comment says it is made, with the package that is installed in `folder`. */
async function bundledExample(folder, outdir) {
  const example = join(folder, 'example');
  cpSync(fileURLToPath(new URL('../../examples/browser', import.meta.url)), example, { recursive: true });
  const made = await bundled(example, 'page', ['browser'], { splitting: true });
  cpSync(made, outdir, { recursive: true });
  cpSync(join(example, 'index.html'), join(outdir, 'index.html'));
}

/** Ends a group of processes, if it is still there. */
function kill(pid) {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/**
 * What a page posts to /results that runs the module `script` of `outdir`, and is told `facts`.
 * @param profile a folder that Chromium may fill
 * @param flags more of its flags
 */
export async function pageResults(command, outdir, { script, query = '', facts = null, profile, flags = [] }) {
  const { server, results } = await serve(outdir, script, facts);
  const words = [...FLAGS, `--user-data-dir=${profile}`, ...flags];
  const stdio = ['ignore', 'pipe', 'pipe'];
  // A group of its own: its helpers, which write into the profile, end with it.
  const url = `http://127.0.0.1:${server.address().port}/?${query}`;
  const child = spawn(command, [...words, url], { stdio, detached: true });
  // The pipes are closed by the last of them.
  const gone = new Promise((resolve) => child.on('close', resolve).on('error', resolve));
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      said += data;
    });
  }
  let timer;
  const failed = (why) => [{ name: 'the suite', failed: `${why}: ${said.slice(-2000)}` }];
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve(failed('no results in time')), PAGE_MS);
    child.on('exit', () => resolve(failed('the browser ended')));
    child.on('error', (error) => resolve(failed(error.message)));
  });
  try {
    return await Promise.race([results, late]);
  } finally {
    clearTimeout(timer);
    kill(child.pid);
    await gone;
    server.closeAllConnections();
    server.close();
  }
}

/** The results of the suite, in the project `folder`. */
export async function chromiumResults({ command, features }, servers, folder) {
  const outdir = await bundled(folder, 'browser-entry', ['browser'], { splitting: true });
  cpSync(join(folder, 'counts'), join(outdir, 'counts'), { recursive: true });
  await bundledExample(folder, join(outdir, 'example'));
  return pageResults(command, outdir, {
    script: 'browser-entry.js',
    facts: { servers, host: { features, secureOptions: {} } },
    profile: join(folder, 'chromium'),
    // A page cannot be told of an authority: the browser takes this one key.
    flags: [`--ignore-certificate-errors-spki-list=${servers.spkiDigest}`],
  });
}
