/**
 * A response's body into a file, or to standard output, piece by piece: nothing is read ahead of what was written. A file
 * that was begun stays when the download breaks off, as httpx leaves it; who asked is told that it is not all there.
 */
import { type FileHandle, open } from 'node:fs/promises';
import type { AsyncResponse } from '../index.js';
import { written } from './printer.js';
import { ProgressBar } from './progress.js';
import type { OutputStream, System } from './system.js';

/** How often the bar is drawn while nothing comes. */
const REDRAW_EVERY_MS = 1000;

/** A body of which only the beginning was saved. `cause`: what broke it off. */
export class DownloadBroken extends Error {
  override readonly name = 'DownloadBroken';
  override readonly cause: unknown;
  /** How much is there. */
  readonly state: string;

  constructor(target: string, octets: number, cause: unknown) {
    const state = `${target} holds only the first ${octets} bytes of the body`;
    super(`Download is incomplete: ${state}`);
    this.state = state;
    this.cause = cause;
  }
}

/** Where the pieces go. */
interface Target {
  /** As messages name it. */
  readonly name: string;
  write(piece: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Opens a file to be written. @throws when the signal is aborted meanwhile: `open` waits for who reads a named pipe */
function opened(path: string, signal: AbortSignal): Promise<FileHandle> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    open(path, 'w')
      .then((file) => (signal.aborted ? file.close() : resolve(file)))
      .catch(reject)
      .finally(() => signal.removeEventListener('abort', giveUp));
  });
}

async function fileTarget(path: string, signal: AbortSignal): Promise<Target> {
  let file: FileHandle;
  try {
    file = await opened(path, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw new Error(`Cannot open the file to download to: ${(error as Error).message}`, { cause: error });
  }
  return {
    name: JSON.stringify(path),
    // Unlike `write`, it goes on until the file system took all of it.
    write: (piece) => file.writeFile(piece),
    close: () => file.close(),
  };
}

function streamTarget(stream: OutputStream, signal: AbortSignal): Target {
  return {
    name: 'standard output',
    write: (piece) => written(stream, piece, signal),
    async close() {},
  };
}

/** Octets that the head announces, or `null`. Of a length that was given several times, alike, one (RFC 9110 §8.6). */
function announcedOctets({ headers, request, statusCode }: AsyncResponse): number | null {
  const isBodiless = request.method === 'HEAD' || statusCode === 204 || statusCode === 304;
  if (isBodiless || headers.has('transfer-encoding')) return null;
  const [first = ''] = (headers.get('content-length') ?? '').split(',', 1);
  const octets = first === '' ? Number.NaN : Number(first);
  return Number.isSafeInteger(octets) ? octets : null;
}

/**
 * Saves the body. `path`: of a file, which is made or emptied now; '-' is standard output. On a terminal standard error shows
 * how far it is. @throws DownloadBroken if the body did not come to its end, or could not be written.
 */
export async function download(response: AsyncResponse, path: string, system: System): Promise<void> {
  const { stdout, stderr, signal } = system;
  const target = path === '-' ? streamTarget(stdout, signal) : await fileTarget(path, signal);
  const total = announcedOctets(response);
  const bar = stderr.isTTY === true ? new ProgressBar(stderr, path, total, () => system.now()) : null;
  const stopWaiting = bar === null ? null : system.every(REDRAW_EVERY_MS, () => bar.wait());
  let saved = 0;
  try {
    for await (const piece of response.aiterBytes()) {
      await target.write(piece);
      saved += piece.length;
      bar?.update(response.numBytesDownloaded);
    }
  } catch (error) {
    throw new DownloadBroken(target.name, saved, error);
  } finally {
    stopWaiting?.();
    bar?.end();
    await target.close();
  }
}
