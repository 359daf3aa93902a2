// How builds and tests treat `new Late(() => import('./part.js'))` (src/late.ts). In the build for Node.js, which is of CommonJS,
// parts are required late (node-build.mjs). Elsewhere nothing could be loaded without a promise, for which a blocking client
// cannot wait: there, parts are imported at the top, like all else.
const LATE = /new Late\(\(\) => import\('([^']+)'\)\)/g;

/** Code in which late parts are imported at the top, lines where they were; `null`: there are none. */
export function partsAtOnce(code) {
  const imports = [];
  const rewritten = code.replace(LATE, (_, path) => {
    const name = `latePart${imports.length}`;
    imports.push(`import * as ${name} from '${path}';`);
    return `new Late(() => ${name})`;
  });
  return imports.length === 0 ? null : imports.join('') + rewritten;
}

/** Code in which late parts are required, each by the name that `nameOf` gives its path, an expression; `null`: there are none. */
export function partsRequired(code, nameOf) {
  const rewritten = code.replace(LATE, (_, path) => `new Late(() => require(${nameOf(path)}))`);
  return rewritten === code ? null : rewritten;
}
