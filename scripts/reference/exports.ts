// The public exports of the package, as the TypeScript compiler sees them.
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** One exported name, or a type that exported ones name. */
export interface PublicExport {
  /** Of a function of a namespace both names: `trigger.cron`. */
  readonly name: string;
  /** What it is imported from: `cronduit` or a subpath. `undefined`: it is not exported by itself. */
  readonly from: string | undefined;
  /** The folder under `src` that declares it. */
  readonly folder: string;
  readonly symbol: ts.Symbol;
  readonly declaration: ts.Declaration;
}

/** The public exports, with the checker that answers questions about them. */
export interface PublicSurface {
  readonly checker: ts.TypeChecker;
  readonly exports: readonly PublicExport[];
}

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly import?: unknown }>>;
}

/** The entry points that have types: `cronduit` → src/index.ts, and its subpaths. */
function entryPoints(): Map<string, string> {
  const { exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest;
  const typed = Object.entries(exports).flatMap(([path, target]) => {
    if (typeof target === "string") return [];
    const types = /"types":"\.\/dist\/([\w./-]+)\.d\.ts"/.exec(JSON.stringify(target))?.[1];
    if (types === undefined) return [];
    return [[path.replace(/^\./, "cronduit"), join(ROOT, "src", `${types}.ts`)] as const];
  });
  return new Map(typed);
}

function unaliased(symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** Reads every public export from the sources. */
export function readPublicSurface(): PublicSurface {
  const config = ts.getParsedCommandLineOfConfigFile(
    join(ROOT, "tsconfig.json"),
    {},
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => undefined },
  );
  if (!config) throw new Error("tsconfig.json can't be read");
  const entries = entryPoints();
  const program = ts.createProgram([...entries.values()], config.options);
  const checker = program.getTypeChecker();
  const exports = new Map<ts.Symbol, PublicExport>();
  for (const [from, file] of entries) {
    const module = program.getSourceFile(file);
    const moduleSymbol = module && checker.getSymbolAtLocation(module);
    if (!moduleSymbol) throw new Error(`${file} is no module`);
    for (const item of exportsOf(moduleSymbol, from, "", checker))
      // What several entries export is told by the first.
      if (!exports.has(item.symbol)) exports.set(item.symbol, item);
  }
  for (const { declaration } of exports.values())
    for (const symbol of typesNamedIn(declaration, checker))
      if (!exports.has(symbol)) exports.set(symbol, publicExport(symbol, symbol.name, undefined));
  return { checker, exports: [...exports.values()] };
}

/** The exports of a module; in place of a namespace those that it holds. */
function exportsOf(
  module: ts.Symbol,
  from: string,
  prefix: string,
  checker: ts.TypeChecker,
): PublicExport[] {
  return checker.getExportsOfModule(module).flatMap((exported) => {
    const symbol = unaliased(exported, checker);
    const name = `${prefix}${exported.name}`;
    return symbol.flags & ts.SymbolFlags.ValueModule
      ? exportsOf(symbol, from, `${name}.`, checker)
      : [publicExport(symbol, name, from)];
  });
}

function publicExport(symbol: ts.Symbol, name: string, from: string | undefined): PublicExport {
  const [declaration] = symbol.declarations ?? [];
  if (!declaration) throw new Error(`${name} has no declaration`);
  const path = relative(join(ROOT, "src"), declaration.getSourceFile().fileName);
  const folder = path.startsWith("..") ? "pipeline" : dirname(path).split(/[\\/]/)[0];
  return { name, from, folder: folder ?? "", symbol, declaration };
}

/** The package's own types that a public declaration names, such as that of an option that is an object. */
function typesNamedIn(declaration: ts.Declaration, checker: ts.TypeChecker): ts.Symbol[] {
  const found: ts.Symbol[] = [];
  const visit = (node: ts.Node): void => {
    // Bodies and members that are not public are nobody's business.
    if (ts.isBlock(node) || isHidden(node)) return;
    if (ts.isHeritageClause(node)) {
      // What a type extends has no entry: its members are told as the type's own, and so is what these name.
      // A base class is never made by itself, so its constructor is left out.
      for (const base of basesIn(node, checker))
        ts.forEachChild(base, (part) => {
          if (!ts.isConstructorDeclaration(part)) visit(part);
        });
      return;
    }
    if (ts.isTypeReferenceNode(node)) {
      const named = checker.getSymbolAtLocation(node.typeName);
      const symbol = named && unaliased(named, checker);
      if (symbol && isOwnType(symbol)) found.push(symbol);
    }
    ts.forEachChild(node, visit);
  };
  visit(declaration);
  return found;
}

/** The package's own classes and interfaces that a clause extends. */
function basesIn(clause: ts.HeritageClause, checker: ts.TypeChecker): ts.Declaration[] {
  return clause.types.flatMap(({ expression }) => {
    const named = checker.getSymbolAtLocation(expression);
    const [base] = (named && unaliased(named, checker).declarations) ?? [];
    return base && isOfPackage(base) ? [base] : [];
  });
}

function isOfPackage(declaration: ts.Declaration): boolean {
  return declaration.getSourceFile().fileName.startsWith(join(ROOT, "src"));
}

function isHidden(node: ts.Node): boolean {
  const hiding = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  return (
    ts.isClassElement(node) &&
    ((node.name !== undefined && ts.isPrivateIdentifier(node.name)) ||
      (ts.getCombinedModifierFlags(node) & hiding) !== 0)
  );
}

/** An interface or an alias of src that says something to a reader: not how other types are computed. */
function isOwnType({ declarations: [declaration] = [] }: ts.Symbol): boolean {
  if (!declaration || !isOfPackage(declaration)) return false;
  return (
    ts.isInterfaceDeclaration(declaration) ||
    (ts.isTypeAliasDeclaration(declaration) &&
      !ts.isConditionalTypeNode(declaration.type) &&
      !ts.isConstructorTypeNode(declaration.type))
  );
}
