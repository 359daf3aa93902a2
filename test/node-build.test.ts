/**
 * The build for Node.js: modules of CommonJS, whose late parts are required when they are first asked for, and a module beside
 * each entry for who imports. Each test is a process of its own, since what it has loaded is what is looked at.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ROOT } from './source-syntax.js';

const isBuilt = existsSync(join(ROOT, 'dist/builds/node'));
const ENTRIES = ['httpx-wasm', 'httpx-wasm/sync', 'httpx-wasm/fetch', 'httpx-wasm/core'];

/** What a script prints, of CommonJS unless flags say otherwise. */
function printedBy(source: string, flags: readonly string[] = [], cwd = ROOT): string {
  const words = flags.some((flag) => flag.startsWith('--input-type')) ? flags : ['--input-type=commonjs', ...flags];
  // Without a time it could hang the runner, which cannot interrupt what waits in one call.
  const options = { cwd, encoding: 'utf8', env: {}, timeout: 50_000, killSignal: 'SIGKILL' } as const;
  return execFileSync(process.execPath, [...words, '-e', source], options).trim();
}

/** A server in a thread, since a blocking client leaves it no other; then `work`, with `url`. */
const withServer = (work: string): string => {
  const server = String.raw`
    const { createServer } = require('node:net');
    const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi';
    const server = createServer((socket) => socket.on('error', () => {}).on('data', () => socket.write(answer)));
    const told = () => require('node:worker_threads').parentPort.postMessage(server.address().port);
    server.listen(0, '127.0.0.1', told);`;
  return `
    const { Worker } = process.getBuiltinModule('node:worker_threads');
    const thread = new Worker(${JSON.stringify(server)}, { eval: true, execArgv: [] });
    thread.once('message', async (port) => {
      const url = 'http://127.0.0.1:' + port + '/';
      try {
        ${work}
      } catch (error) {
        console.log(error);
      }
      await thread.terminate();
    });`;
};

/** Names of the files of the package that a process has loaded, without their hashes. */
const LOADED = String.raw`(() => {
  const { cache } = process.getBuiltinModule('node:module').createRequire(process.cwd() + '/');
  const names = Object.keys(cache).map((path) => /builds.node.([\w-]+?)(?:-[\w-]{8})?\.cjs$/.exec(path)?.[1]);
  return names.filter((name) => name !== undefined).sort().join();
})()`;

/** A copy of the package, for this test, in which the files of a part have other names. */
function copyWithout(part: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'httpx-wasm-parts-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const path of ['package.json', 'dist/builds', 'wasm/build/core.wasm']) {
    cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  }
  const parts = join(folder, 'dist/builds/node');
  const isPart = (name: string): boolean => name.startsWith(`${part}-`) && name.endsWith('.cjs');
  for (const name of readdirSync(parts).filter(isPart)) renameSync(join(parts, name), join(parts, `${name}.away`));
  return folder;
}

describe.skipIf(!isBuilt)(
  `the build for Node.js${isBuilt ? '' : ' (skipped: dist is absent, run npm run build)'}`,
  () => {
    test.each(ENTRIES)('%s gives who imports all that it gives who requires, the very same', (entry) => {
      const source = `
      const required = require('${entry}');
      import('${entry}').then((imported) => {
        const names = Object.keys(required);
        const others = Object.keys(imported).filter((name) => !names.includes(name) && !/^(default|module.exports)$/.test(name));
        console.log(names.length > 5, names.filter((name) => required[name] !== imported[name]).join(), others.join());
      });`;
      expect(printedBy(source)).toBe('true');
    });

    test('classes are the same through every entry', () => {
      const source = `
      const { AsyncClient, Client, DecodingError, HTTPStatusError, Response } = require('httpx-wasm');
      const fetching = require('httpx-wasm/fetch');
      fetching.load().then((loaded) => {
        const same = [
          require('httpx-wasm/sync').Client === Client,
          require('httpx-wasm/core').DecodingError === DecodingError,
          fetching.HTTPStatusError === HTTPStatusError,
          loaded.Response === Response,
          loaded.AsyncClient !== AsyncClient,
        ];
        console.log(same.join());
      });`;
      expect(printedBy(source)).toBe('true,true,true,true,true');
    });

    test('a start reads four files: no connection, no socket, no worker', () => {
      expect(printedBy(`require('httpx-wasm'); console.log(${LOADED})`)).toBe('client,common,host,index');
      expect(printedBy(`import('httpx-wasm').then(() => console.log(${LOADED}))`)).toBe('client,common,host,index');
      expect(printedBy(`require('httpx-wasm/fetch'); console.log(${LOADED})`)).toBe('common,fetch-api');
      expect(printedBy(`require('httpx-wasm/core'); console.log(${LOADED})`)).toBe(
        'common,core,core-api,core-http2,decoding',
      );
    });

    test('a plain request reads what sends it: no TLS, no HTTP/2, no proxies, no traces, no sentences, no codings', () => {
      const source = withServer(`
      const { AsyncClient } = await import('httpx-wasm');
      const client = new AsyncClient();
      await client.get(url);
      await client.aclose();
      console.log(${LOADED});`);
      expect(printedBy(source)).toBe('client,common,core,host,index,sockets,sockets');
    });

    test('what few programs need is read by who needs it', () => {
      const source = `
      const { AsyncClient, Client, HandlerTransport, MockTransport, Response } = require('httpx-wasm');
      const known = new Set(${LOADED}.split(','));
      const read = () => {
        const names = ${LOADED}.split(',').filter((name) => !known.has(name));
        for (const name of names) known.add(name);
        console.log(names.join() || 'nothing');
      };
      const headers = { 'Content-Type': 'text/plain; charset=latin-1' };
      const client = new Client({ transport: new MockTransport(() => new Response(200, { headers, content: 'a' })) });
      const url = 'http://example.org/';
      client.post(url, { data: { a: 'b' } });
      read();
      client.post(url, { files: { a: 'b' } });
      read();
      client.post(url, { content: 'a', compress: 'gzip' });
      read();
      client.get(url).text;
      read();
      const fetching = new AsyncClient({ transport: new HandlerTransport(() => new globalThis.Response('a')) });
      fetching.fetch(url).then(read);`;
      const parts = ['nothing', 'multipart', 'compression', 'charsets', 'application,fetch,web-messages'];
      expect(printedBy(source).split('\n')).toEqual(parts);
    });

    /** A server that answers /broken with nonsense, and then `work`, with `url`. */
    const withPeer = (work: string): string => String.raw`
      const server = require('node:net').createServer((socket) => {
        const answer = (octets) => (/broken/.test(octets) ? 'nonsense\r\n\r\n' : 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
        socket.on('error', () => {}).on('data', (octets) => socket.write(answer(octets)));
      });
      server.listen(0, '127.0.0.1', async () => {
        const url = 'http://127.0.0.1:' + server.address().port;
        ${work}
        server.close();
      });`;

    test('what few requests need is read by the first that needs it', () => {
      const source = withPeer(`
        const { AsyncClient } = require('httpx-wasm');
        const known = new Set(${LOADED}.split(','));
        const reading = async (options, target, extensions) => {
          const client = new AsyncClient({ trustEnv: false, ...options });
          await client.get(target, { extensions }).catch(() => {});
          await client.aclose();
          const names = ${LOADED}.split(',').filter((name) => !known.has(name));
          for (const name of names) known.add(name);
          console.log(names.join() || 'nothing');
        };
        await reading({}, url);
        await reading({}, url, { trace: () => {} });
        await reading({}, url + '/broken');
        await reading({ http1: false, http2: true }, url);
        await reading({}, url.replace('http:', 'https:'));
        await reading({ proxy: url }, url);`);
      const plain = 'core,sockets,sockets';
      const parts = [
        plain,
        'trace',
        'rules',
        'connection-streams,core-http2',
        'tls-material,tls-settings',
        'proxy-route',
      ];
      expect(printedBy(source).split('\n')).toEqual(parts);
    });

    test('a broken rule whose sentence cannot be loaded is told by its number, and nothing else fails', () => {
      const source = withPeer(`
        const { AsyncClient } = require('httpx-wasm');
        const client = new AsyncClient({ trustEnv: false });
        const told = await client.get(url + '/broken').catch((error) => error.constructor.name + ': ' + error.message);
        console.log(told.replace(/-[\\w-]{8}[.]/, '.').replace(/; the peer.*/s, '').replace(/rule \\d+/, 'rule n'));
        console.log((await client.get(url)).statusCode);
        await client.aclose();`);
      const said = "Cannot load a part of httpx-wasm: Cannot find module './rules.cjs'";
      expect(printedBy(source, [], copyWithout('rules')).split('\n')).toEqual([
        `RemoteProtocolError: Cannot go on: rule n was broken (${said})`,
        '200',
      ]);
    });

    test('sockets, TLS, cryptography, threads and zlib of Node.js are not loaded before they are needed', () => {
      const source = `
      const before = new Set(process.moduleLoadList);
      require('httpx-wasm');
      const isLate = (name) => /^NativeModule (net|tls|crypto|dns|worker_threads|zlib)$/.test(name);
      console.log(process.moduleLoadList.filter((name) => !before.has(name) && isLate(name)).join());`;
      expect(printedBy(source)).toBe('');
    });

    const tellWarnings = `process.on('warning', ({ message }) => console.log(message));`;
    const calls = `
    const client = new AsyncClient();
    const texts = [get(url).text, (await client.get(url)).text];
    await client.aclose();
    for (const wary of [new AsyncClient({ allowAddress: () => false }), new Client({ allowAddress: () => false })]) {
      try {
        await wary.get(url);
      } catch (error) {
        texts.push(error instanceof ConnectError);
      }
      await wary.aclose?.();
    }
    console.log(texts.join());`;

    test.each([
      [
        'requires it',
        `const { AsyncClient, Client, ConnectError } = require('httpx-wasm'); const { get } = require('httpx-wasm/sync');`,
      ],
      [
        'imports it while it is required',
        `const coming = Promise.all([import('httpx-wasm'), import('httpx-wasm/core'), import('httpx-wasm/sync')]);
      const { get } = require('httpx-wasm/sync');
      get(url);
      const [{ AsyncClient, Client, ConnectError }, , { get: imported }] = await coming;
      if (imported !== get) throw new Error('there are two of it');`,
      ],
    ])(
      'both clients load their parts for who %s, errors are those of the entry, and nobody is warned',
      (_, loading) => {
        expect(printedBy(withServer(`${tellWarnings} ${loading} ${calls}`))).toBe('hi,hi,true,true');
      },
    );

    test('a part that comes late is of the copy that asks for it, whoever has emptied the cache of modules', () => {
      const empty = 'for (const path of Object.keys(require.cache)) delete require.cache[path];';
      const source = `
      const { AsyncClient, Client, ConnectError, HandlerTransport } = require('httpx-wasm');
      const { get } = require('httpx-wasm/sync');
      ${empty}
      ${withServer(`
        ${calls}
        ${empty}
        const handled = new AsyncClient({ transport: new HandlerTransport(() => new globalThis.Response('ho')) });
        console.log((await handled.get('http://a/')).text);`)}`;
      expect(printedBy(source).split('\n')).toEqual(['hi,hi,true,true', 'ho']);
    });

    test('so is what httpx-wasm/fetch loads with its first call', () => {
      const source = `
      const { AsyncClient, HTTPStatusError } = require('httpx-wasm/fetch');
      for (const path of Object.keys(require.cache)) delete require.cache[path];
      globalThis.fetch = async () => new globalThis.Response('', { status: 404 });
      new AsyncClient().get('http://a/').then((response) => response.raiseForStatus())
        .catch((error) => console.log(error instanceof HTTPStatusError));`;
      expect(printedBy(source)).toBe('true');
    });

    test('both clients load their parts under a loader that gives Node.js every source itself', () => {
      const folder = mkdtempSync(join(tmpdir(), 'httpx-wasm-loader-'));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      const hooks = `
      import { readFileSync } from 'node:fs';
      export async function load(url, context, next) {
        const loaded = await next(url, context);
        if (!url.startsWith('file:') || loaded.source != null) return loaded;
        return { ...loaded, source: readFileSync(new URL(url)) };
      }`;
      writeFileSync(join(folder, 'hooks.mjs'), hooks);
      writeFileSync(
        join(folder, 'register.mjs'),
        `import { register } from 'node:module'; register('./hooks.mjs', import.meta.url);`,
      );
      const source = `
      import { AsyncClient, Client, ConnectError } from 'httpx-wasm';
      import { get } from 'httpx-wasm/sync';
      ${withServer(calls)}`;
      const flags = [
        '--input-type=module',
        '--no-warnings',
        '--import',
        pathToFileURL(join(folder, 'register.mjs')).href,
      ];
      expect(printedBy(source, flags)).toBe('hi,hi,true,true');
    });

    test('a part whose file is not there is an error that says so, and the client can be closed', () => {
      const folder = copyWithout('sockets');
      const source = withServer(`
      const { AsyncClient } = require('httpx-wasm');
      const { get } = require('httpx-wasm/sync');
      const fs = require('node:fs');
      const messageOf = (error) => error.constructor.name + ': ' + error.message.replace(/-[\\w-]{8}[.]/, '.');
      const client = new AsyncClient();
      const closed = new AsyncClient();
      console.log(await client.get(url).catch(messageOf));
      console.log(await closed.get(url).catch(messageOf));
      await closed.aclose();
      try { get(url) } catch (error) { console.log(messageOf(error)); }
      const folder = './dist/builds/node/';
      for (const name of fs.readdirSync(folder)) if (name.endsWith('.away')) fs.renameSync(folder + name, folder + name.slice(0, -5));
      console.log(get(url).text, (await client.get(url)).text);
      await client.aclose();`);
      const said = `LoadError: Cannot load a part of httpx-wasm: Cannot find module './sockets.cjs'`;
      expect(printedBy(source, [], folder).split('\n')).toEqual([said, said, said, 'hi hi']);
    });

    test('so is that of TLS, which is no matter of the network', () => {
      const source = withServer(`
      const { AsyncClient, LoadError } = require('httpx-wasm');
      const { get } = require('httpx-wasm/sync');
      const messageOf = (error) =>
        [error instanceof LoadError, error.code, error.message.replace(/-[\\w-]{8}[.]/, '.'), error.cause.code].join();
      const client = new AsyncClient();
      console.log(await client.get(url.replace('http:', 'https:')).catch(messageOf));
      try { get(url.replace('http:', 'https:')) } catch (error) { console.log(messageOf(error)); }
      console.log((await client.get(url)).text);
      await client.aclose();`);
      const said = `true,ERR_LOAD,Cannot load a part of httpx-wasm: Cannot find module './tls-settings.cjs',MODULE_NOT_FOUND`;
      expect(printedBy(source, [], copyWithout('tls-settings')).split('\n')).toEqual([said, said, 'hi']);
    });

    test('so are the files of the core, at once and with a promise, with what to do', () => {
      const folder = copyWithout('nothing');
      const source = withServer(`
      const { AsyncClient } = require('httpx-wasm');
      const { get } = require('httpx-wasm/sync');
      const { decode, decodeSync, LoadError } = require('httpx-wasm/core');
      const fs = require('node:fs');
      const said = (error) => console.log([error instanceof LoadError, error.cause.cause?.code, error.message].join());
      const core = './wasm/build/core.wasm';
      const client = new AsyncClient();
      await decode('br', new Uint8Array(1)).catch(said);
      try { decodeSync('br', new Uint8Array(1)) } catch (error) { said(error); }
      fs.renameSync(core, core + '.away');
      await client.get(url).catch(said);
      try { get(url) } catch (error) { said(error); }
      fs.writeFileSync(core, 'no module');
      await client.get(url).catch(said);
      fs.rmSync(core);
      fs.renameSync(core + '.away', core);
      console.log((await client.get(url)).text, get(url).text);
      await client.aclose();`);
      const first =
        /^true,ENOENT,Cannot load the protocol core: there is none of file:.*core[.]wasm.* or copy httpx-wasm\/core[.]wasm beside it$/;
      const second = /^true,ENOENT,Cannot load the second module of .* there is none of .*codings[.]wasm beside it$/;
      const broken = /^true,,Cannot load the protocol core: file:.*core[.]wasm cannot be used: /;
      const patterns = [second, second, first, first, broken, /^hi hi$/];
      const lines = printedBy(source, [], folder).split('\n');
      expect(lines.map((line, index) => patterns[index]?.test(line) === true || line)).toEqual(
        patterns.map(() => true),
      );
    });
  },
);
