// One exported name as Markdown: a class with its methods, options as a table, everything else by its declaration.
import ts from "typescript";
import { docOf, paragraphs } from "./doc-comment.ts";
import type { PublicExport, PublicSurface } from "./exports.ts";
import {
  fieldsOf,
  isHidden,
  isOptionalProperty,
  packageOf,
  table,
  tidy,
  typeOf,
} from "./fields.ts";

/** A kind of export, in the order of the page. */
export type ExportKind = "class" | "namespace" | "function" | "object" | "alias" | "constant";

export function kindOf({ symbol }: PublicExport, checker: ts.TypeChecker): ExportKind {
  if (symbol.flags & ts.SymbolFlags.Class) return "class";
  if (symbol.flags & ts.SymbolFlags.ValueModule) return "namespace";
  if (symbol.flags & ts.SymbolFlags.Function) return "function";
  if (symbol.flags & ts.SymbolFlags.Variable) return "constant";
  const type = checker.getDeclaredTypeOfSymbol(symbol);
  return symbol.flags & ts.SymbolFlags.Interface && type.getProperties().length > 0
    ? "object"
    : "alias";
}

/** A declaration without its body, as it would stand in a declaration file. */
function signatureText(declaration: ts.SignatureDeclaration): string {
  const text = declaration.getText();
  const { body } = declaration as { body?: ts.Node };
  const head = body ? text.slice(0, body.getStart() - declaration.getStart()) : text;
  return head
    .replace(/^(export |async |declare |abstract |override |public |\*)+/, "")
    .replace(/;?\s*$/, "")
    .replaceAll(ts.isMethodDeclaration(declaration) ? "\n  " : "\n", "\n")
    .trim();
}

/** Signatures that callers see: overloads without the implementation. */
function signaturesOf(symbol: ts.Symbol): ts.SignatureDeclaration[] {
  const all = (symbol.declarations ?? []).filter(
    (node): node is ts.SignatureDeclaration =>
      ts.isMethodDeclaration(node) || ts.isFunctionDeclaration(node) || ts.isMethodSignature(node),
  );
  const overloads = all.filter((node) => !("body" in node && node.body));
  return overloads.length > 0 ? overloads : all;
}

function codeBlock(lines: readonly string[]): string {
  return ["```typescript", ...lines, "```"].join("\n");
}

/** @param name Of a function that is called by another name than it is declared by, as `trigger.in`. */
function describeCallable(symbol: ts.Symbol, name?: string): string[] {
  const declarations = signaturesOf(symbol);
  const docs = declarations.flatMap((declaration) => paragraphs(docOf(declaration)));
  const texts = declarations
    .map(signatureText)
    .map((text) => (name === undefined ? text : text.replace(/^function \w+/, name)));
  return [codeBlock(texts), ...new Set(docs)];
}

function describeClass(
  { name, symbol, declaration }: PublicExport,
  checker: ts.TypeChecker,
): string[] {
  const type = checker.getDeclaredTypeOfSymbol(symbol);
  const members = type.getProperties().filter((member) => !isHidden(member));
  const statics = checker
    .getTypeOfSymbolAtLocation(symbol, declaration)
    .getProperties()
    .filter((member) => member.name !== "prototype" && !isHidden(member));
  const isMethod = (member: ts.Symbol) => Boolean(member.flags & ts.SymbolFlags.Method);
  const method = (owner: string) => (member: ts.Symbol) => [
    `#### \`${owner}.${member.name}()\``,
    ...describeCallable(member),
  ];
  const properties = members.filter((member) => !isMethod(member));
  const staticProperties = statics.filter((member) => !isMethod(member));
  const asFields = (list: readonly ts.Symbol[], prefix: string) =>
    list.map((member) => ({
      name: `${prefix}${member.name}`,
      isOptional: isOptionalProperty(member),
      type: typeOf(member, declaration, checker),
      default: "",
      meaning: docOf(member.declarations?.[0]).text,
    }));
  const fields = [...asFields(properties, ""), ...asFields(staticProperties, `${name}.`)];
  const instance = name
    .replace(/^Pipeline(?=[A-Z])/, "")
    .replace(/^./, (letter) => letter.toLowerCase());
  return [
    ...paragraphs(docOf(declaration)),
    ...(fields.length > 0 ? [table(fields)] : []),
    ...members.filter(isMethod).flatMap(method(instance)),
    ...statics.filter(isMethod).flatMap(method(name)),
  ];
}

/** The functions of `export * as trigger`, by the names under which they are called. */
function describeNamespace({ name, symbol }: PublicExport, checker: ts.TypeChecker): string[] {
  return checker.getExportsOfModule(symbol).flatMap((member) => {
    const found = member.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(member) : member;
    if (!(found.flags & ts.SymbolFlags.Function)) return [];
    const called = `${name}.${member.name}`;
    const parts = describeCallable(found).map((part) =>
      part.replaceAll(`function ${found.name}`, called),
    );
    return [`#### \`${called}()\``].concat(parts);
  });
}

/** The parts of the Markdown of one export, its heading first. */
export function describe(item: PublicExport, { checker }: PublicSurface): string[] {
  const { name, symbol, declaration } = item;
  const doc = docOf(declaration);
  const elsewhere = packageOf(symbol);
  if (elsewhere !== undefined) return [`### \`${name}\``, `From \`${elsewhere}\`.`];
  switch (kindOf(item, checker)) {
    case "class":
      return [`### \`${name}\``, ...describeClass(item, checker)];
    case "namespace":
      return [`### \`${name}\``, ...describeNamespace(item, checker)];
    case "function":
      return [
        `### \`${name}()\``,
        ...describeCallable(symbol, name.includes(".") ? name : undefined),
      ];
    case "object": {
      const type = checker.getDeclaredTypeOfSymbol(symbol);
      const others = new Set(type.getProperties().flatMap((property) => packageOf(property) ?? []));
      const more = [...others].map((other) => `And the options of \`${other}\`.`);
      return [
        `### \`${name}\``,
        ...paragraphs(doc),
        table(fieldsOf(type, declaration, checker)),
        ...more,
      ];
    }
    case "alias":
    case "constant":
      return [
        `### \`${name}\``,
        ...paragraphs(doc),
        codeBlock([written(declaration, checker, symbol)]),
      ];
  }
}

/** A type's declaration as it was written; of a constant its name and type. */
function written(declaration: ts.Declaration, checker: ts.TypeChecker, symbol: ts.Symbol): string {
  if (!ts.isVariableDeclaration(declaration))
    return declaration.getText().replace(/^export (declare )?/, "");
  const type = checker.getTypeOfSymbolAtLocation(symbol, declaration);
  const text = tidy(checker.typeToString(type, declaration, ts.TypeFormatFlags.None));
  return `const ${declaration.name.getText()}: ${text};`;
}
