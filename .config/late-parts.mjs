// How builds and tests treat `new Late(() => import('./part.js'))` (src/late.ts): as an import at the top. On Node.js parts were
// loaded late by `require` for a time: a loader (tsx, a test runner) gives it other modules, and Node.js 20 and 22 fail where an
// `import()` of the same file is under way.
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
