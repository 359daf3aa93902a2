/**
 * api_surface.json of vectors/httpx: every public name of httpx exists here, as a class, a function or a value. What API.md
 * does not carry over is no case of it: ASGI, WSGI, Python's dunder names, create_ssl_context. Parameters and members are
 * API.md's business: test/api-members.test.ts.
 */
import * as httpx from '../../src/index.js';
import { type Difference, describeFile, isRecord, type ValueCase } from './httpx-values.js';

interface SurfaceCase extends ValueCase {
  readonly input: { readonly op: string; readonly name?: string };
}

const NOT_CARRIED_OVER = /^(?:__\w+__|ASGITransport|WSGITransport|create_ssl_context)$/;
/** The command is there, as a command. */
const MAIN =
  'API, CLI: the command is a program of the package; DESIGN § 8: node: imports only in the entries of Node.js';

const surface: Readonly<Record<string, unknown>> = httpx;

function kindOf(name: string): string {
  const value = surface[name];
  if (typeof value !== 'function') return 'value';
  return /^class\b/.test(Function.prototype.toString.call(value)) ? 'class' : 'function';
}

function play({ input }: SurfaceCase): unknown {
  if (input.op === 'exports') return { names: Object.keys(surface) };
  return { kind: kindOf(String(input.name)) };
}

/** Of httpx's names those that are missing here; kinds of values have no names in JavaScript. */
function comparable(expected: unknown): unknown {
  if (!isRecord(expected)) return expected;
  if (!Array.isArray(expected.names)) {
    return { kind: ['class', 'function'].includes(String(expected.kind)) ? expected.kind : 'value' };
  }
  const carried = expected.names.filter((name) => !NOT_CARRIED_OVER.test(String(name)));
  const missing = carried.filter((name) => name !== 'main' && !(String(name) in surface));
  return { names: [...Object.keys(surface), ...missing] };
}

const DIFFERENCES: readonly Difference<SurfaceCase>[] = [
  { overruledBy: MAIN, applies: ({ input }) => input.name === 'main' },
];

const concerned = ({ input }: SurfaceCase): boolean =>
  ['exports', 'kind'].includes(input.op) && !NOT_CARRIED_OVER.test(input.name ?? '');

describeFile<SurfaceCase>('api_surface', play, DIFFERENCES, comparable, concerned);
