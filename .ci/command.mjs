// Runs one command in a process group of its own, so that nothing it started outlives it.
import { spawn } from 'node:child_process';

const GRACE_MS = 2_000;
const OUTPUT_CHARACTERS_MAX = 4_000_000;

/** Group of the command that runs now; null between commands. */
let running = null;

function killGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
    return true;
  } catch (error) {
    if (error.code === 'ESRCH') return false;
    throw error;
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Ends what is left of a group: first asked, then killed. */
async function endGroup(pid) {
  if (!killGroup(pid, 'SIGTERM')) return;
  for (let waitedMs = 0; waitedMs < GRACE_MS; waitedMs += 100) {
    await pause(100);
    if (!killGroup(pid, 0)) return;
  }
  killGroup(pid, 'SIGKILL');
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (running !== null) killGroup(running, 'SIGKILL');
    process.exit(1);
  });
}

/** The command, its output passed on (unless `quiet`) and kept: `{ status, output }`. Status 124: it took too long. */
export function runCommand(command, words, { cwd, env = {}, timeoutMs, quiet = false }) {
  return new Promise((resolve) => {
    const child = spawn(command, words, {
      cwd,
      env: { ...process.env, ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let isLate = false;
    const take = (chunk) => {
      const text = chunk.toString('utf8');
      if (output.length < OUTPUT_CHARACTERS_MAX) output += text;
      if (!quiet) process.stdout.write(text);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', (error) => resolve({ status: 127, output: String(error) }));
    if (child.pid === undefined) return;
    running = child.pid;
    const timer = setTimeout(() => {
      isLate = true;
      void endGroup(child.pid);
    }, timeoutMs);
    // Not `close` alone: a process left behind would hold the pipes open for ever. With its group gone they close.
    const closed = new Promise((settled) => child.on('close', settled));
    child.on('exit', async (status) => {
      clearTimeout(timer);
      await endGroup(child.pid);
      running = null;
      await Promise.race([closed, pause(GRACE_MS)]);
      child.stdout.destroy();
      child.stderr.destroy();
      if (isLate) output += `\nstopped after ${timeoutMs} ms`;
      resolve({ status: isLate ? 124 : (status ?? 1), output });
    });
  });
}
