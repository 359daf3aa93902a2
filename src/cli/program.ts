/**
 * The program: words of the command line → exit code. Help and version load nothing of the client. What cannot be done as
 * it was asked is said on standard error; no error leaves here, and none shows a stack.
 */
import { VERSION } from '../version.js';
import { commandOf } from './arguments.js';
import { oneLine } from './escaping.js';
import { helpText } from './help.js';
import { EXIT_FAILURE, EXIT_PIPE_CLOSED, EXIT_USAGE, Stopped, type System, UsageError } from './system.js';

/** Does what the words ask for. Resolves with the exit code; never rejects. */
export async function execute(words: readonly string[], system: System): Promise<number> {
  const { stdout, stderr } = system;
  const unwritable = new AbortController();
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    const stopped =
      error.code === 'EPIPE'
        ? new Stopped(EXIT_PIPE_CLOSED)
        : new Stopped(EXIT_FAILURE, `Cannot write to standard output: ${error.message}`);
    unwritable.abort(stopped);
  });
  // Nobody is left to be told.
  stderr.on('error', () => {});
  const signal = AbortSignal.any([system.signal, unwritable.signal]);
  const over = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => {
      system.stdin().destroy();
      resolve();
    });
  });
  let ended: unknown;
  try {
    const code = await obey(words, { ...system, signal });
    await Promise.race([over, Promise.all([flushed(stdout), flushed(stderr)])]);
    if (!signal.aborted) return code;
  } catch (error) {
    ended = error;
  }
  return failed(signal.aborted ? signal.reason : ended, stderr);
}

async function obey(words: readonly string[], system: System): Promise<number> {
  const command = commandOf(words);
  if (command.kind === 'call') {
    const { call } = await import('./call.js');
    return call(command.settings, system);
  }
  system.stdout.write(command.kind === 'help' ? helpText() : `httpx-wasm ${VERSION}\n`);
  return 0;
}

/** Says why the program ends, and gives the exit code of it. */
async function failed(error: unknown, stderr: System['stderr']): Promise<number> {
  const { message } = error instanceof Error ? error : new Error(String(error));
  if (error instanceof UsageError) stderr.write(`${oneLine(message)}\nTry 'httpx-wasm --help' for help.\n`);
  else if (message !== '') stderr.write(`${oneLine(message)}\n`);
  await flushed(stderr);
  if (error instanceof UsageError) return EXIT_USAGE;
  return error instanceof Stopped ? error.exitCode : EXIT_FAILURE;
}

/** Resolves when what was written is out, or never will be. */
function flushed(stream: System['stdout']): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableEnded) resolve();
    else stream.write('', () => resolve());
  });
}
