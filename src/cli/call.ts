/**
 * One request, from settings to exit code: what was asked for is read, sent and shown. Uses the package as its users do,
 * through its public names.
 */
import { AsyncClient, type AsyncResponse, Proxy, UnsupportedProtocol } from '../index.js';
import type { Settings } from './arguments.js';
import { bodyText } from './body-text.js';
import { DownloadBroken, download } from './download.js';
import { oneLine } from './escaping.js';
import { readCall } from './input.js';
import { Printer } from './printer.js';
import { errorLine, responseHead } from './printing.js';
import { EXIT_FAILURE, EXIT_PIPE_CLOSED, Stopped, type System, UsageError } from './system.js';
import { tracing } from './tracing.js';

/**
 * Sends the request and shows the response. Resolves with the exit code: 0 if the last response is a success.
 * @throws UsageError, Stopped
 */
export async function call(settings: Settings, system: System): Promise<number> {
  const { download: path } = settings;
  if (path === '-' && system.stdout.isTTY === true) {
    throw new UsageError(
      'Cannot write the body to standard output: it is a terminal; name a file, or leave --download out',
    );
  }
  const printer = new Printer(path === '-' ? system.stderr : system.stdout);
  try {
    return await exchange(settings, system, printer);
  } catch (error) {
    if (error instanceof UsageError || error instanceof Stopped) throw error;
    const broken = error instanceof DownloadBroken ? error : null;
    const { aborted, reason } = system.signal;
    // Who reads standard output no more knows that.
    const isKnown = path === '-' && reason instanceof Stopped && reason.exitCode === EXIT_PIPE_CLOSED;
    if (broken !== null && aborted && !isKnown) new Printer(system.stderr).lines([oneLine(broken.message)]);
    if (aborted) throw reason;
    const line = errorLine(broken?.cause ?? error, printer.paint);
    printer.lines([broken === null ? line : `${line}; ${oneLine(broken.state)}`]);
    return EXIT_FAILURE;
  }
}

/** Of those that this client speaks, also one whose slashes are missing. */
const WITH_SCHEME = /^(?:https?:|[a-z][a-z\d+.-]*:\/\/)/i;

/** httpx does not guess a scheme; what is to be typed is said. */
function withoutScheme(url: string): UnsupportedProtocol {
  // What stands before an '@' may be a password; the rest is the user's own to type again.
  const shown = url.replace(/^.*@/s, '…@');
  const hint = shown === url && /^[\w.-]+(?::\d+)?(?:[/?#]|$)/.test(url) ? `: type http://${shown}` : '';
  return new UnsupportedProtocol(
    `Request URL is missing an 'http://' or 'https://' protocol. Got ${JSON.stringify(shown)}${hint}`,
  );
}

async function exchange(settings: Settings, system: System, printer: Printer): Promise<number> {
  const { method, options } = await readCall(settings, system);
  const { verify, http2, timeoutMs, url, verbose, download: path } = settings;
  if (!WITH_SCHEME.test(url)) throw withoutScheme(url);
  const showHead = (response: AsyncResponse): void => printer.lines(responseHead(response, printer.paint));
  const client = new AsyncClient({
    verify,
    http2,
    timeout: timeoutMs,
    eventHooks: { response: [showHead] },
    proxy: proxyOf(settings),
  });
  try {
    const trace = verbose ? tracing((lines) => printer.lines(lines), printer.paint) : null;
    const extensions = { trace };
    const response = await client.stream(method, url, { ...options, extensions, signal: system.signal });
    if (path !== null) await download(response, path, system);
    else await printer.pieces(bodyText(response, printer.paint, printer.shielded), system.signal);
    return response.isSuccess ? 0 : EXIT_FAILURE;
  } finally {
    // A response that was not read to its end is closed with it.
    await client.aclose();
  }
}

/** The proxy asked for; `undefined`: those that the environment names. @throws UsageError, without a password */
function proxyOf({ proxy }: Settings): Proxy | undefined {
  if (proxy === null) return undefined;
  try {
    return new Proxy(proxy);
  } catch (error) {
    throw new UsageError(`Cannot use --proxy: ${(error as Error).message}`);
  }
}
