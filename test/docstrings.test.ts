/**
 * Every public name says what it is. `npm run docs` looks at their members, too; here it is done at once, by syntax alone.
 */
import { readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import ts from '@typescript/typescript6';
import { expect, test } from 'vitest';
import { parse, ROOT } from './source-syntax.js';

const files = new Map<string, ts.SourceFile>();

function fileOf(path: string): ts.SourceFile {
  const file = files.get(path) ?? parse(path, readFileSync(join(ROOT, path), 'utf8'));
  files.set(path, file);
  return file;
}

const pathOf = (from: string, specifier: string): string =>
  posix.join(dirname(from), specifier.replace(/\.js$/, '.ts'));
const hasDocstring = (node: ts.Node): boolean => ts.getJSDocCommentsAndTags(node).length > 0;

const elementNamed = (clause: ts.NamedImportBindings | ts.NamedExportBindings | undefined, name: string) =>
  clause !== undefined && (ts.isNamedExports(clause) || ts.isNamedImports(clause))
    ? clause.elements.find((element) => element.name.text === name)
    : undefined;

/** Whether something is said where the file declares `name`, or where the file has it from. */
function isDescribed(path: string, name: string): boolean {
  const { statements } = fileOf(path);
  for (const statement of statements) {
    const isNamed = 'name' in statement && (statement.name as ts.Node | undefined)?.getText() === name;
    const isVariable =
      ts.isVariableStatement(statement) &&
      statement.declarationList.declarations.some((declaration) => declaration.name.getText() === name);
    if (isNamed || isVariable) return hasDocstring(statement);
  }
  for (const statement of statements) {
    const isImport = ts.isImportDeclaration(statement);
    if (!isImport && !ts.isExportDeclaration(statement)) continue;
    const clause = isImport ? statement.importClause?.namedBindings : statement.exportClause;
    const found = elementNamed(clause, name);
    if (found === undefined) continue;
    const local = (found.propertyName ?? found.name).text;
    const from = statement.moduleSpecifier as ts.StringLiteral | undefined;
    if (from !== undefined) return isDescribed(pathOf(path, from.text), local);
    if (local !== name) return isDescribed(path, local);
  }
  return false;
}

function namesOf(path: string): string[] {
  return fileOf(path).statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement)) {
      const isExported = ts.canHaveModifiers(statement) && ts.getModifiers(statement)?.some(isExport) === true;
      const name = 'name' in statement ? (statement.name as ts.Node | undefined)?.getText() : undefined;
      return isExported && name !== undefined ? [name] : [];
    }
    const clause = statement.exportClause;
    return clause !== undefined && ts.isNamedExports(clause) ? clause.elements.map((element) => element.name.text) : [];
  });
}

const isExport = ({ kind }: ts.Node): boolean => kind === ts.SyntaxKind.ExportKeyword;

test.each(['src/index.ts', 'src/sync.ts', 'src/fetch-api.ts', 'src/core-api.ts'])(
  'every name that %s exports has a docstring',
  (entry) => {
    const names = namesOf(entry);
    expect(names.length).toBeGreaterThan(0);
    const silent = names.filter((name) => !isDescribed(entry, name));
    expect(silent).toEqual([]);
  },
);
