/** ky, which stands on the global fetch. Retries are off: a failure is one. */
import ky from 'ky';
import { peerOfFetch } from './fetch.mjs';

export async function open({ origin }) {
  return peerOfFetch(origin, ky.create({ retry: 0, timeout: false }));
}
