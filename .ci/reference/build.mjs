// `npm run docs`: builds the API reference from the docstrings, into .build/reference. A public name without a docstring, and
// a type that public names need and nobody can look up, is an error.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application, ReflectionKind } from 'typedoc';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const out = join(root, '.build/reference');

/** Kinds that must say what they are. A setter is described by its getter, a parameter by its function. */
const DOCUMENTED =
  ReflectionKind.Variable |
  ReflectionKind.Function |
  ReflectionKind.Class |
  ReflectionKind.Interface |
  ReflectionKind.TypeAlias |
  ReflectionKind.Property |
  ReflectionKind.Method |
  ReflectionKind.Accessor;
/** Views of a class, whose members are described there. */
const VIEWS = new Set(['AsyncRequest', 'SyncRequest', 'AsyncResponse', 'SyncResponse', 'SyncNetworkStream']);
/** Names that say all there is to say: of status codes. */
const PLAIN = new Set(['StatusCodes']);
/** What the language itself says of every class: how it is disposed of, and gone through. */
const OF_THE_LANGUAGE = /^\[(?:dispose|asyncDispose|iterator|asyncIterator)\]$/;
/** Parts of public types that have no use of their own. */
const PARTS = [
  'AnyRequest',
  'AnyResponse',
  'ErrorOptions',
  'Exchange',
  'Extensions',
  'FieldData',
  'Flow',
  'HTTPErrorOptions',
  'HTTPStatusErrorOptions',
  'Handler',
  'InvalidURLOptions',
  'Nothing',
  'ObjectOfFields',
  'OneCallOptions',
  'RequestBody',
  'TransportErrorOptions',
];

function isDocumented(reflection) {
  const own = [reflection, reflection.getSignature, ...(reflection.signatures ?? [])];
  return own.some((each) => each?.hasComment());
}

/** Whether a name stands where somebody would look for its docstring. */
function isLookedUp(reflection) {
  if (OF_THE_LANGUAGE.test(reflection.name)) return false;
  if (reflection.sources?.every(({ fileName }) => !fileName.startsWith('src/'))) return false;
  for (let at = reflection.parent; at !== undefined; at = at.parent) {
    if (VIEWS.has(at.name) || PLAIN.has(at.name) || at.kind === ReflectionKind.TypeLiteral) return false;
  }
  return true;
}

const app = await Application.bootstrapWithPlugins({
  name: 'httpx-wasm',
  entryPoints: ['index', 'sync', 'fetch-api', 'fetch-client', 'core-api'].map((name) => join(root, `src/${name}.ts`)),
  tsconfig: join(root, 'tsconfig.json'),
  basePath: root,
  readme: 'none',
  excludeInternal: true,
  excludePrivate: true,
  excludeProtected: false,
  githubPages: false,
  intentionallyNotExported: PARTS,
  validation: { notExported: true, invalidLink: true, notDocumented: false },
  logLevel: 'Warn',
});

const project = await app.convert();
if (project === undefined) throw new Error('Cannot build the reference: the sources do not compile');
app.validate(project);
const undocumented = project
  .getReflectionsByKind(DOCUMENTED)
  .filter((each) => isLookedUp(each) && !isDocumented(each))
  .map((each) => `${each.getFullName()} (${each.sources?.[0]?.fileName}:${each.sources?.[0]?.line})`);
for (const name of undocumented) app.logger.error(`${name} has no docstring`);
if (app.logger.hasErrors() || app.logger.hasWarnings()) {
  throw new Error(`Cannot build the reference: ${undocumented.length} public names have no docstring, or see above`);
}
await app.generateDocs(project, out);
console.log(`${project.getReflectionsByKind(DOCUMENTED).length} names, all described: ${join(out, 'index.html')}`);
