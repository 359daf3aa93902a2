/** fetch of the pinned undici, with an Agent of as many connections as the scenario keeps busy. */
import { Agent, fetch } from 'undici';
import { peerOfFetch } from './fetch.mjs';

export async function open({ origin, scenario: { concurrency = 1 }, ca }) {
  const dispatcher = new Agent({ connections: concurrency, connect: ca === null ? {} : { ca } });
  return {
    ...peerOfFetch(origin, (url, options) => fetch(url, { ...options, dispatcher })),
    close: () => dispatcher.close(),
  };
}
