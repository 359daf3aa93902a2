// A body into a file, on hosts that have `node:fs`: Node.js, Deno, Bun.
import { createWriteStream } from 'node:fs';
import { Writable } from 'node:stream';

/** Writes an unread body into a file as fast as the disk takes it, and resolves when all is written. */
export async function toFile(response, path) {
  await response.body.pipeTo(Writable.toWeb(createWriteStream(path)));
}
