/** Words of the command line → settings, or a usage error. */
import { describe, expect, test } from 'vitest';
import { type Command, commandOf, type Settings } from '../../src/cli/arguments.js';
import { helpText } from '../../src/cli/help.js';
import { OF_CURL, OPTIONS } from '../../src/cli/option-table.js';
import { UsageError } from '../../src/cli/system.js';

const TARGET = 'http://127.0.0.1/';

function settingsOf(...words: string[]): Settings {
  const command: Command = commandOf(words);
  if (command.kind !== 'call') throw new Error(`not a call: ${command.kind}`);
  return command.settings;
}

function complaintOf(...words: string[]): string {
  try {
    commandOf(words);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message;
  }
  throw new Error('no complaint');
}

describe('options', () => {
  test('are found before and behind the URL, by their short and their long names', () => {
    expect(settingsOf('-m', 'PUT', TARGET, '--no-verify')).toMatchObject({ method: 'PUT', url: TARGET, verify: false });
    expect(settingsOf('--method', 'PUT', TARGET)).toMatchObject({ method: 'PUT', verify: true });
  });

  test('take attached values', () => {
    expect(settingsOf('--method=PUT', '--timeout=2', TARGET)).toMatchObject({ method: 'PUT', timeoutMs: 2000 });
    expect(settingsOf('-mPUT', TARGET).method).toBe('PUT');
    expect(settingsOf('--params=a', '1', '-pb', '2', TARGET).params).toEqual([
      ['a', '1'],
      ['b', '2'],
    ]);
    expect(settingsOf('--content=', TARGET).content).toBe('');
  });

  test('take their values as they are, even what looks like an option', () => {
    expect(settingsOf('-h', 'X-A', '-v', '-p', '--help', '-', TARGET)).toMatchObject({
      headers: [['X-A', '-v']],
      params: [['--help', '-']],
    });
    expect(settingsOf('-c', '--', TARGET).content).toBe('--');
  });

  test('that take two values and may be repeated keep their order', () => {
    const settings = settingsOf(TARGET, '-d', '2', 'b', '-d', '1', 'a', '-d', '2', 'c', '--cookies', 'x', 'y');
    expect(settings.data).toEqual([
      ['2', 'b'],
      ['1', 'a'],
      ['2', 'c'],
    ]);
    expect(settings.cookies).toEqual([['x', 'y']]);
  });

  test('that may not be repeated: the last one counts', () => {
    expect(settingsOf(TARGET, '-m', 'PUT', '-m', 'GET').method).toBe('GET');
  });

  test('end at --', () => {
    expect(settingsOf('--', '-v').url).toBe('-v');
  });

  test.each([
    ['5', 5000],
    ['0.1', 100],
    ['.5', 500],
    ['2.', 2000],
    ['500ms', 500],
    ['2s', 2000],
    ['1m', 60_000],
  ])('--timeout %s is %i ms', (text, ms) => {
    expect(settingsOf(TARGET, '--timeout', text).timeoutMs).toBe(ms);
  });

  test('--help and --version need no URL', () => {
    expect(commandOf(['--help'])).toEqual({ kind: 'help' });
    expect(commandOf(['--version', '-m', 'GET'])).toEqual({ kind: 'version' });
  });
});

test('what curl calls otherwise is none of the options, and what stands for it is', () => {
  const own = new Set(
    OPTIONS.flatMap(({ name, short }) => [`--${name}`, ...(short === undefined ? [] : [`-${short}`])]),
  );
  for (const [spelling, meant] of OF_CURL) {
    expect(own).not.toContain(spelling);
    for (const option of meant.match(/(?<=^| )--?[a-z\d-]+/g) ?? ['nothing']) expect(own).toContain(option);
  }
});

describe('usage errors', () => {
  test.each([
    [[], 'there is no URL'],
    [[TARGET, TARGET], 'expected one URL, got 2 arguments'],
    [['-y', TARGET], 'there is no option "-y"'],
    [['-X', 'POST', TARGET], 'there is no option "-X"; what curl calls so is -m METHOD here'],
    [['-XPOST', TARGET], 'there is no option "-X"; what curl calls so is -m METHOD here'],
    [['-H', 'A: b', TARGET], 'there is no option "-H"; what curl calls so is -h NAME VALUE here'],
    [['--insecure', TARGET], 'there is no option "--insecure"; what curl calls so is --no-verify here'],
    [['-h', 'A: b', TARGET], 'there is no URL; --headers takes NAME and VALUE as two words'],
    [[TARGET, '-d', '{}'], 'got 1 of 2; -c TEXT is a body as it is, -j JSON one of JSON'],
    [['--metod', 'GET', TARGET], 'there is no option "--metod"'],
    [['--__proto__=1', TARGET], 'there is no option "--__proto__"'],
    [['--m', 'GET', TARGET], 'there is no option "--m"'],
    [['-m'], 'option -m takes METHOD, got 0 of 1'],
    [[TARGET, '-p', 'only'], 'option -p takes NAME and VALUE as two words, got 1 of 2'],
    [['--no-verify=yes', TARGET], 'option --no-verify takes no value'],
    [['-c', 'a', '-j', '1', TARGET], '--content and --json are one body too many'],
    [['-c', 'a', '-d', 'a', '1', TARGET], '--content and --data are one body too many'],
    [['-j', '1', '-d', 'a', '1', TARGET], '--data and --json are one body too many'],
    [['--cookies', 'a', '1', '-h', 'cookie', 'b=2', TARGET], 'not both'],
    [['--auth', 'a', 'b', '-h', 'Authorization', 'c', TARGET], 'not both'],
    [['-c', '-', '--auth', 'a', '-', TARGET], '--content and --auth both ask for it'],
    [['--download', '', TARGET], '--download needs the name of a file'],
  ] as const)('%j', (words, said) => {
    expect(complaintOf(...words)).toContain(said);
  });

  test.each(['0', '-1', 'abc', '', '1h', 'NaN', 'Infinity', '1e3', ' 1', '9'.repeat(400)])('--timeout %j', (text) => {
    expect(complaintOf(TARGET, '--timeout', text)).toContain('Cannot use --timeout');
  });
});

test('the help names every option with its values, in lines of 100 columns at the most', () => {
  const text = helpText();
  for (const { name, short, values } of OPTIONS) {
    expect(text).toContain([`--${name}`, ...values].join(' '));
    if (short !== undefined) expect(text).toContain(`-${short}, --${name}`);
  }
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  expect(text.endsWith('\n')).toBe(true);
});
