/**
 * The options of the command line: their spellings, the values each takes, and what the help says of them. The parser and
 * the help are both made of this table.
 */

/** Long spelling of an option. */
export type OptionName =
  | 'method'
  | 'params'
  | 'content'
  | 'data'
  | 'files'
  | 'json'
  | 'headers'
  | 'cookies'
  | 'auth'
  | 'proxy'
  | 'timeout'
  | 'follow-redirects'
  | 'no-verify'
  | 'http2'
  | 'download'
  | 'verbose'
  | 'version'
  | 'help';

/** One option. */
export interface OptionEntry {
  /** Long spelling, without the hyphens. */
  readonly name: OptionName;
  readonly short?: string;
  /** What its values are called; none for a switch. */
  readonly values: readonly string[];
  /** May be given several times; of others the last one counts. */
  readonly repeats?: true;
  /** What who gives too few values may have been looking for. */
  readonly hint?: string;
  readonly help: string;
}

/** Every option, in the order of the help. */
export const OPTIONS: readonly OptionEntry[] = [
  {
    name: 'method',
    short: 'm',
    values: ['METHOD'],
    help: 'Request method, such as GET, POST, PUT, PATCH, DELETE, OPTIONS, HEAD. Default: GET, or POST if there is a body.',
  },
  {
    name: 'params',
    short: 'p',
    values: ['NAME', 'VALUE'],
    repeats: true,
    help: "Query parameter, in place of the URL's query.",
  },
  { name: 'content', short: 'c', values: ['TEXT'], help: "Octets of the body; '-' reads them from standard input." },
  {
    name: 'data',
    short: 'd',
    values: ['NAME', 'VALUE'],
    repeats: true,
    hint: '-c TEXT is a body as it is, -j JSON one of JSON',
    help: 'Field of a form in the body.',
  },
  {
    name: 'files',
    short: 'f',
    values: ['NAME', 'FILE'],
    repeats: true,
    help: "File to send as a field of a multipart form; '-' is standard input.",
  },
  { name: 'json', short: 'j', values: ['JSON'], help: "JSON body; '-' reads it from standard input." },
  { name: 'headers', short: 'h', values: ['NAME', 'VALUE'], repeats: true, help: 'Header of the request.' },
  { name: 'cookies', values: ['NAME', 'VALUE'], repeats: true, help: 'Cookie of the request.' },
  {
    name: 'auth',
    values: ['USER', 'PASS'],
    help: "User name and password; '-' as the password asks for it. --verbose shows them, encoded but not encrypted.",
  },
  {
    name: 'proxy',
    values: ['URL'],
    help: 'Proxy to send the request through: http, https, socks5 or socks5h. Default: what the environment names.',
  },
  {
    name: 'timeout',
    values: ['DURATION'],
    help: "Longest wait for connecting, and for each read and write: seconds, or with a unit as in '500ms', '2s', '1m'. Default: 5.",
  },
  { name: 'follow-redirects', values: [], help: 'Follow redirects.' },
  { name: 'no-verify', values: [], help: 'Do not check the certificate of the server.' },
  { name: 'http2', values: [], help: 'Offer HTTP/2 to the server.' },
  {
    name: 'download',
    values: ['FILE'],
    help: "Save the body as a file; '-' writes it to standard output, and all else to standard error.",
  },
  { name: 'verbose', short: 'v', values: [], help: 'Show connections, certificates and request headers too.' },
  { name: 'version', values: [], help: 'Show the version and exit.' },
  { name: 'help', values: [], help: 'Show this text and exit.' },
];

/** What curl's options are called here, for who is used to those. */
export const OF_CURL: ReadonlyMap<string, string> = new Map([
  ['-X', '-m METHOD'],
  ['--request', '-m METHOD'],
  ['-I', '-m HEAD'],
  ['--head', '-m HEAD'],
  ['-H', '-h NAME VALUE'],
  ['--header', '-h NAME VALUE'],
  ['-F', '-f NAME FILE or -d NAME VALUE'],
  ['--form', '-f NAME FILE or -d NAME VALUE'],
  ['--data-raw', '-c TEXT'],
  ['--data-binary', '-c TEXT'],
  ['--data-urlencode', '-d NAME VALUE'],
  ['-b', '--cookies NAME VALUE'],
  ['--cookie', '--cookies NAME VALUE'],
  ['-u', '--auth USER PASS'],
  ['--user', '--auth USER PASS'],
  ['-x', '--proxy URL'],
  ['-k', '--no-verify'],
  ['--insecure', '--no-verify'],
  ['-L', '--follow-redirects'],
  ['--location', '--follow-redirects'],
  ['-o', '--download FILE'],
  ['--output', '--download FILE'],
  ['-O', '--download FILE'],
  ['--max-time', '--timeout DURATION'],
  ['--connect-timeout', '--timeout DURATION'],
]);
