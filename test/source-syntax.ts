/**
 * What a source file imports, exports and names, read from its syntax alone: for the tests of layers, of exported names
 * and of the built package. TypeScript 7 has no API yet, so TypeScript 6 parses.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from '@typescript/typescript6';

/** The folder that holds package.json. */
export const ROOT: string = dirname(dirname(fileURLToPath(import.meta.url)));

export interface ImportSite {
  readonly specifier: string;
  /** Erased by the compiler: `import type`, `export type`, or a type query. */
  readonly typeOnly: boolean;
  /** When it runs: `import(…)`, and `require(…)` inside a function. */
  readonly isLate: boolean;
  readonly line: number;
}

export interface NameSite {
  /** `process`, or `AbortSignal.timeout` where it is read from a name. */
  readonly name: string;
  readonly line: number;
}

/** Paths below `folder` (relative to the root, with `/`) that end in one of `endings`; none if the folder is absent. */
export function filesBelow(folder: string, endings: readonly string[]): string[] {
  let entries: string[];
  try {
    entries = readdirSync(join(ROOT, folder), {
      recursive: true,
      encoding: 'utf8',
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return entries
    .map((entry) =>
      relative(ROOT, join(ROOT, folder, entry))
        .split(sep)
        .join('/'),
    )
    .filter((path) => endings.some((ending) => path.endsWith(ending)))
    .sort();
}

/** Parses one file, named relative to the root. */
export function parse(path: string, text: string = readFileSync(join(ROOT, path), 'utf8')): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
}

function lineOf(file: ts.SourceFile, node: ts.Node): number {
  return file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
}

function everyNode(root: ts.Node, visit: (node: ts.Node) => void): void {
  const waiting: ts.Node[] = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    visit(node);
    ts.forEachChild(node, (child) => void waiting.push(child));
  }
}

/** Whether a call of `import` or `require` comes after its module has run. */
function isLateCall(call: ts.CallExpression): boolean {
  return call.expression.kind === ts.SyntaxKind.ImportKeyword || ts.findAncestor(call, ts.isFunctionLike) !== undefined;
}

/** Every import and re-export of a file, dynamic ones included. `import { type A }` stays at run time, so it is a value. */
export function importsOf(file: ts.SourceFile): ImportSite[] {
  const sites: ImportSite[] = [];
  const add = (node: ts.Node, specifier: ts.Node | undefined, typeOnly: boolean, isLate = false): void => {
    if (specifier === undefined) return;
    const text = ts.isStringLiteralLike(specifier) ? specifier.text : `(computed) ${specifier.getText(file)}`;
    sites.push({ specifier: text, typeOnly, isLate, line: lineOf(file, node) });
  };
  everyNode(file, (node) => {
    if (ts.isImportDeclaration(node)) {
      add(node, node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    } else if (ts.isExportDeclaration(node)) {
      add(node, node.moduleSpecifier, node.isTypeOnly);
    } else if (ts.isCallExpression(node)) {
      const called = node.expression;
      const loads =
        called.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(called) && called.text === 'require');
      if (loads) add(node, node.arguments[0], false, isLateCall(node));
    } else if (ts.isImportTypeNode(node)) {
      add(node, ts.isLiteralTypeNode(node.argument) ? node.argument.literal : node.argument, true);
    }
  });
  return sites;
}

/** True where an identifier is only a member's or a property's own name (`x.process`, `{ process: 1 }`). */
function isMemberName(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) || ts.isMethodSignature(parent)) return parent.name === node;
  if (ts.isQualifiedName(parent)) return parent.right === node;
  return (
    (ts.isPropertyAssignment(parent) ||
      ts.isPropertyDeclaration(parent) ||
      ts.isPropertySignature(parent) ||
      ts.isMethodDeclaration(parent) ||
      ts.isGetAccessorDeclaration(parent) ||
      ts.isSetAccessorDeclaration(parent)) &&
    parent.name === node
  );
}

/** Every free-standing name of a file and, as `owner.member`, every member read from such a name (`globalThis.` is dropped). */
export function namesOf(file: ts.SourceFile): NameSite[] {
  const sites: NameSite[] = [];
  everyNode(file, (node) => {
    if (ts.isIdentifier(node) && !isMemberName(node)) sites.push({ name: node.text, line: lineOf(file, node) });
    if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
      const owner = node.expression.text;
      const name = owner === 'globalThis' ? node.name.text : `${owner}.${node.name.text}`;
      sites.push({ name, line: lineOf(file, node) });
    }
  });
  return sites;
}

/** Names that an entry module exports, told apart as values and types. @throws on `export *`, whose names it cannot see. */
export function exportsOf(file: ts.SourceFile): {
  readonly values: string[];
  readonly types: string[];
} {
  const values: string[] = [];
  const types: string[] = [];
  for (const statement of file.statements) {
    if (ts.isExportAssignment(statement)) throw new Error(`Cannot list exports of ${file.fileName}: default export`);
    if (ts.isExportDeclaration(statement)) {
      const clause = statement.exportClause;
      if (clause === undefined) throw new Error(`Cannot list exports of ${file.fileName}: export *`);
      const elements = ts.isNamedExports(clause) ? clause.elements : [clause];
      for (const element of elements) {
        const isType = statement.isTypeOnly || (ts.isExportSpecifier(element) && element.isTypeOnly);
        (isType ? types : values).push(element.name.text);
      }
    } else if (ts.canHaveModifiers(statement)) {
      const isExported = ts.getModifiers(statement)?.some((m) => m.kind === ts.SyntaxKind.ExportKeyword) ?? false;
      if (!isExported) continue;
      if (ts.isVariableStatement(statement)) {
        for (const declared of statement.declarationList.declarations) values.push(declared.name.getText(file));
      } else if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) {
        types.push(statement.name.text);
      } else if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) {
        values.push(statement.name?.text ?? 'default');
      }
    }
  }
  return { values: values.sort(), types: types.sort() };
}

/** Names of a class's members that its users may see: neither private nor protected, nor marked internal. */
export function publicMembersOf(file: ts.SourceFile, className: string): string[] {
  const names = new Set<string>();
  everyNode(file, (node) => {
    if (!ts.isClassDeclaration(node) || node.name?.text !== className) return;
    for (const member of node.members) {
      if (member.name === undefined || !ts.isIdentifier(member.name)) continue;
      const modifiers = ts.canHaveModifiers(member) ? (ts.getModifiers(member) ?? []) : [];
      const isHidden = modifiers.some(({ kind }) =>
        [ts.SyntaxKind.PrivateKeyword, ts.SyntaxKind.ProtectedKeyword, ts.SyntaxKind.StaticKeyword].includes(kind),
      );
      if (!isHidden && !/@internal/.test(file.text.slice(member.getFullStart(), member.getStart(file)))) {
        names.add(member.name.text);
      }
    }
  });
  return [...names].sort();
}
