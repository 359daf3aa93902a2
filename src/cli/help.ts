/** The text of `--help`, made of the table of options. */
import { OPTIONS, type OptionEntry } from './option-table.js';

/** Columns of the text, and of the options before what is said of them. */
const WIDTH = 100;
const INDENT = 32;

/** Words set in lines of at most `width` columns. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function linesOf({ name, short, values, repeats, help }: OptionEntry): string[] {
  const spelling = [`--${name}`, ...values].join(' ');
  const left = `  ${short === undefined ? '    ' : `-${short}, `}${spelling}${repeats === true ? ' ...' : ''}`;
  const [first = '', ...rest] = wrapped(help, WIDTH - INDENT);
  return [`${left.padEnd(INDENT - 1)} ${first}`, ...rest.map((line) => ' '.repeat(INDENT) + line)];
}

/** The help, ending in a line feed. */
export function helpText(): string {
  const lines = [
    'Usage: httpx-wasm <URL> [OPTIONS]',
    '',
    'Sends one HTTP request and shows the response.',
    '',
    'Options:',
    ...OPTIONS.flatMap((entry) => linesOf(entry)),
    '',
    'Exit code: 0 for a 2xx response, 1 for any other and for a failure, 2 for a wrong command line.',
    '',
    'Examples:',
    '  httpx-wasm https://example.org/',
    '  httpx-wasm https://example.org/items -p page 2 -h Accept application/json',
    `  httpx-wasm https://example.org/items -j '{"name": "lamp"}'`,
    '  httpx-wasm https://example.org/big.iso --download big.iso',
  ];
  return `${lines.join('\n')}\n`;
}
