/**
 * Native picohttpparser: its source comes in the crate picohttpparser-sys (cargo checks its hash), and is compiled with
 * the machine's C compiler as the speed targets say: -O3, with SSE 4.2 where the processor is an x86.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WORK } from '../client/package.mjs';

const FOLDER = join(WORK, 'picohttpparser');
const SOURCE = join(FOLDER, 'vendor/picohttpparser-sys/deps/picohttpparser');
const PROGRAM = join(FOLDER, 'head');
const HARNESS = fileURLToPath(new URL('head.c', import.meta.url));
/** Of the crate, which is all that names one. */
const VERSION = '1.0.0';
const MANIFEST = `[package]
name = "source"
version = "0.0.0"
edition = "2021"

[lib]
path = "none.rs"

[dependencies]
picohttpparser-sys = "=${VERSION}"

[workspace]
`;

class Unavailable extends Error {}

function run(command, words) {
  const { status, error, stderr } = spawnSync(command, words, { cwd: FOLDER, encoding: 'utf8' });
  if (error !== undefined) throw new Unavailable(`${command} cannot be run (${error.code})`);
  if (status !== 0) throw new Unavailable(`${command} ${words[0]} failed: ${stderr.trim().split('\n').at(-1)}`);
}

function fetchSource() {
  if (existsSync(join(SOURCE, 'picohttpparser.c'))) return;
  writeFileSync(join(FOLDER, 'Cargo.toml'), MANIFEST);
  writeFileSync(join(FOLDER, 'none.rs'), '');
  run('cargo', ['vendor', 'vendor']);
}

/** { path, version } of the built program, or { reason } why there is none. */
export function buildNative() {
  const flags = ['-O3', ...(process.arch === 'x64' ? ['-msse4.2'] : [])];
  try {
    mkdirSync(FOLDER, { recursive: true });
    fetchSource();
    run('cc', [...flags, '-I', SOURCE, HARNESS, join(SOURCE, 'picohttpparser.c'), '-o', PROGRAM]);
    return { path: PROGRAM, version: VERSION };
  } catch (error) {
    if (error instanceof Unavailable) return { reason: error.message };
    throw error;
  }
}
