/**
 * The command line against httpx's own (vectors/httpx/cli.json): words in; requests on the wire, exit code, lines of
 * standard output and files out. User-Agent and Accept-Encoding are each client's own, and a boundary is chance: they are
 * made equal before anything is compared. What is answered differently is listed with what overrules the vector.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Dialogue, dialogue } from '../support/dialogue.js';
import { type ScriptedServer, serve } from '../support/scripted-server.js';
import { sharedFolder, withoutShared } from '../support/shared.js';
import { ran } from './fake-system.js';

type Read = string | { readonly error: string; readonly message: string };
interface Connection {
  readonly exchanges?: readonly { readonly reads: readonly Read[] }[];
  readonly connect_error?: unknown;
}
interface Case {
  readonly id: string;
  readonly input: {
    readonly args: readonly string[];
    readonly connections: readonly Connection[];
    readonly files?: Readonly<Record<string, string>>;
  };
  readonly expected: {
    readonly exit_code: number;
    readonly stdout_lines?: readonly string[];
    readonly requests: readonly string[];
    readonly created_files_b64: Readonly<Record<string, string>>;
  };
  readonly quirk?: string;
}
/** What a run came to, in the form of a vector. */
interface Outcome {
  readonly exitCode: number;
  readonly lines: readonly string[];
  readonly requests: readonly string[];
  readonly files: Readonly<Record<string, string>>;
}

const path = join(sharedFolder, 'vectors/httpx/cli.json');
const cases = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { cases: readonly Case[] }).cases : null;

/** The port that the vectors were recorded with. */
const RECORDED = '127.0.0.1:8000';
const MESSAGES = 'API.md, Errors: a message says what was attempted, what happened, and the limit with its unit';

/** What is expected instead, and the line that overrules the vector. */
const DIFFERENCES: Readonly<Record<string, { readonly why: string; readonly expected: Partial<Case['expected']> }>> = {
  'cli/params/40e5a02e4b': {
    why: "HTTPX.md §23: without -p the URL's own query string is dropped ⚠",
    expected: { requests: ['GET /?x=1'] },
  },
  'cli/errors/079ceab3eb': {
    why: MESSAGES,
    expected: {
      stdout_lines: ["UnsupportedProtocol: Request URL is missing an 'http://' or 'https://' protocol. Got"],
    },
  },
  'cli/errors/951b5097a7': {
    why: MESSAGES,
    expected: { stdout_lines: ['ConnectError: Cannot connect to'], requests: [] },
  },
  'cli/errors/495aa6e435': { why: MESSAGES, expected: { stdout_lines: ['ReadTimeout: Cannot read the response'] } },
};

function scriptOf(connection: Connection): Dialogue {
  const script = dialogue();
  for (const { reads } of connection.exchanges ?? []) {
    script.hear();
    for (const read of reads) typeof read === 'string' ? script.say(Buffer.from(read, 'base64')) : script.stall();
  }
  return script;
}

/** A port at which nobody listens. */
async function closedPort(): Promise<number> {
  const server = await serve([]);
  const { port } = server;
  await server.close();
  return port;
}

async function outcomeOf({ input }: Case): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'httpx-wasm-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(input.files ?? {})) {
    writeFileSync(join(folder, name), Buffer.from(content, 'base64'));
  }
  const refused = input.connections.some((connection) => connection.connect_error !== undefined);
  const server: ScriptedServer | null = refused ? null : await serve(input.connections.map(scriptOf));
  const authority = `127.0.0.1:${server?.port ?? (await closedPort())}`;
  const words = input.args.map((word) => {
    const isFile = /^[\w.]+\.txt$/.test(word);
    return isFile ? join(folder, word) : word.replace(RECORDED, authority);
  });
  const { code, stdout } = await ran(words);
  const port = authority.slice('127.0.0.1:'.length);
  const recorded = (text: string): string => text.replaceAll(authority, RECORDED).replace(` ${port}\n`, ' 8000\n');
  const created = readdirSync(folder).filter((name) => input.files?.[name] === undefined);
  return {
    exitCode: code,
    lines: linesOf(recorded(stdout)),
    requests: (server?.peers ?? []).map((peer) => neutral(recorded(peer.text))),
    files: Object.fromEntries(created.map((name) => [name, readFileSync(join(folder, name), 'base64')])),
  };
}

/** Without what is each client's own. */
function neutral(text: string): string {
  return text
    .replace(/^(Accept-Encoding|User-Agent): [^\r\n]*/gm, '$1: …')
    .replace(/\b[0-9a-f]{32}\b/g, 'b'.repeat(32));
}

function linesOf(text: string): string[] {
  const lines = neutral(text)
    .split('\n')
    .map((line) => line.trimEnd());
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** Whether each is the other, or, in listed cases, begins with it. */
function agree(actual: readonly string[], expected: readonly string[] | undefined, listed: boolean): void {
  if (expected === undefined) return;
  if (!listed) expect(actual).toEqual(expected);
  else expect(actual.map((each, index) => each.slice(0, expected[index]?.length))).toEqual(expected);
}

function compare({ expected }: Pick<Case, 'expected'>, actual: Outcome, listed: boolean): void {
  expect(actual.exitCode).toBe(expected.exit_code);
  agree(
    actual.lines,
    expected.stdout_lines && linesOf(expected.stdout_lines.map((line) => `${line}\n`).join('')),
    listed,
  );
  agree(actual.requests, expected.requests.map(neutral), listed);
  expect(actual.files).toEqual(expected.created_files_b64);
}

describe.skipIf(cases === null)(`the command line as httpx has it ${cases === null ? withoutShared : ''}`, () => {
  test.each((cases ?? []).map((each) => [each.id, each.input.args.join(' '), each] as const))(
    '%s: %s',
    async (id, _words, each) => {
      const actual = await outcomeOf(each);
      const difference = DIFFERENCES[id];
      if (difference === undefined) {
        compare(each, actual, false);
        return;
      }
      compare({ expected: { ...each.expected, ...difference.expected } }, actual, true);
      expect(() => compare(each, actual, false), 'the case agrees: take it off the list').toThrow();
    },
  );

  test('every listed difference is a case', () => {
    expect(Object.keys(DIFFERENCES).filter((id) => !cases?.some((each) => each.id === id))).toEqual([]);
  });
});
