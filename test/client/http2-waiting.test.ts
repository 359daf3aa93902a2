/** Calls that wait until their server takes requests again (SETTINGS_MAX_CONCURRENT_STREAMS: 0), in a process of their own. */
import { describe, expect, test } from 'vitest';
import { dialogue } from '../support/dialogue.js';
import { END_STREAM, head, hello, SETTING, settings } from '../support/http2-frames.js';
import { outcomeOf, skipped } from '../support/own-process.js';
import { serve } from '../support/scripted-server.js';

const paused = Buffer.concat([hello(), head(1, 204, [], END_STREAM), settings([SETTING.maxConcurrentStreams, 0])]);
const again = settings([SETTING.maxConcurrentStreams, 9]);
/** The request is so long that the server knows by the octets when it is there. */
const call = "client.get(url, { headers: { 'x-long': 'y'.repeat(4000) } })";
/** Longer than an idle connection keeps a process alive. */
const PAUSE_MS = 500;

const opened = `
  const settings = { http1: false, http2: true, timeout: { pool: null }, limits: { maxConnections: 1, keepaliveExpiry: null } };
  const client = new httpx.AsyncClient(settings);
  await client.get(url);`;
/** Until nothing but the wait keeps the process alive. */
const idle = `
  while (process.getActiveResourcesInfo().includes('TCPSocketWrap')) await new Promise((next) => setTimeout(next, 5));`;

describe.skipIf(skipped !== '')(`a process with nothing else to do${skipped}`, () => {
  test.each([
    ['at once', opened],
    ['after its connection was left alone', opened + idle],
  ])('lives until a call without a limit that waits for a paused connection is served: %s', async (_name, before) => {
    const server = await serve(
      dialogue()
        .hearInAll(80)
        .say(paused)
        .waitMs(PAUSE_MS)
        .say(again)
        .hearInAll(2000)
        .say(head(3, 200, [], END_STREAM))
        .stall(),
    );
    const { code, said } = await outcomeOf(`${before} console.log((await ${call}).statusCode);`, server.url);
    expect([code, said]).toEqual([0, '200']);
  });

  test('ends when such a call was given up', async () => {
    const server = await serve(dialogue().hearInAll(80).say(paused).stall());
    const waiting = 'client.get(url, { signal: AbortSignal.timeout(100) }).catch((error) => console.log(error.name))';
    const { code, said } = await outcomeOf(`${opened} await ${waiting};`, server.url);
    expect([code, said]).toEqual([0, 'TimeoutError']);
  });
});
