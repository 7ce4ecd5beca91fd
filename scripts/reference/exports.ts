// The public exports of the package, as the TypeScript compiler sees them.
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** One exported name. */
export interface PublicExport {
  readonly name: string;
  /** What it is imported from: `cronduit` or a subpath. */
  readonly from: string;
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
  const exports = [...entries].flatMap(([from, file]) => {
    const module = program.getSourceFile(file);
    const moduleSymbol = module && checker.getSymbolAtLocation(module);
    if (!moduleSymbol) throw new Error(`${file} is no module`);
    return checker.getExportsOfModule(moduleSymbol).map((exported): PublicExport => {
      const symbol = unaliased(exported, checker);
      const [declaration] = symbol.declarations ?? [];
      if (!declaration) throw new Error(`${exported.name} has no declaration`);
      const path = relative(join(ROOT, "src"), declaration.getSourceFile().fileName);
      const folder = path.startsWith("..") ? "pipeline" : dirname(path).split(/[\\/]/)[0];
      return { name: exported.name, from, folder: folder ?? "", symbol, declaration };
    });
  });
  return { checker, exports };
}
