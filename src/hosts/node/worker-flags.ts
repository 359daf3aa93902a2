/**
 * Which of the process's flags the worker of sockets is begun with: what concerns DNS, connecting, TLS, permissions and
 * warnings. Never what runs the application's code first (`--require`, `--import`, `--loader`): such code may make a blocking
 * call, for which it would need a worker of its own, and so on.
 */

const OF_THREADS =
  /^--(?:no-)?(?:dns-result-order|(?:enable-)?network-family-autoselection(?:-attempt-timeout)?|tls-(?:min|max)-v1\.\d|tls-keylog|trace-tls|(?:experimental-)?permission|allow-[a-z-]+|warnings|disable-warning|trace-warnings)$/;
/** Flags of the whole process in some versions, which refuse them for a thread, and of each thread in others. */
const OF_SOME_THREADS = /^--use-(?:system|openssl|bundled)-ca$/;
/** Their values may be words of their own. */
const WITH_VALUE =
  /^--(?:dns-result-order|(?:enable-)?network-family-autoselection-attempt-timeout|tls-keylog|allow-fs-read|allow-fs-write|disable-warning)$/;

/** Words of NODE_OPTIONS, as they stand there: a quoted part may contain white space. */
const WORDS = /(?:[^\s"]|"(?:[^"\\]|\\.)*")+/g;

/** Those of a command line's words that name such a flag, or are the value of one. */
function kept(words: readonly string[], all: boolean): string[] {
  const some: string[] = [];
  let isValue = false;
  for (const word of words) {
    const [name = '', value] = word.replaceAll('"', '').split('=', 2);
    if (isValue) some.push(word);
    const isKept: boolean = !isValue && (OF_THREADS.test(name) || (all && OF_SOME_THREADS.test(name)));
    if (isKept) some.push(word);
    isValue = isKept && value === undefined && WITH_VALUE.test(name);
  }
  return some;
}

/** What a worker thread's options say of flags. */
export interface ThreadFlags {
  readonly execArgv: string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** `all`: also those that the runtime may refuse for a thread. */
export function threadFlags(all: boolean): ThreadFlags {
  const execArgv = kept(process.execArgv, all);
  const { NODE_OPTIONS: ofEnvironment = '' } = process.env;
  if (ofEnvironment === '') return { execArgv };
  const words = kept(ofEnvironment.match(WORDS) ?? [], all);
  return { execArgv, env: { ...process.env, NODE_OPTIONS: words.join(' ') } };
}
