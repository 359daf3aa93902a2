// How builds and tests treat `new Late(() => import('./part.js'))` (src/late.ts). Only the build for Node.js loads parts late,
// at once, by `require`, where that gives the same modules (src/hosts/node/late-modules.ts). Elsewhere nothing could be loaded
// without a promise, for which a blocking client cannot wait: there, parts are imported like all else.
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

/** Code in which late parts are asked for by `latePart`, a function of the module `from`, and their paths; `null`: no parts. */
export function partsLate(code, from) {
  const paths = [...code.matchAll(LATE)].map(([, path]) => path);
  if (paths.length === 0) return null;
  const rewritten = code.replace(LATE, "new Late(() => latePart(import('$1')))");
  return { code: `import { latePart } from '${from}';${rewritten}`, paths };
}
