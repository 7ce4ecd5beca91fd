// Object types as tables: options with their defaults, and the fields of what calls return.
import ts from "typescript";
import { docOf, paragraphs } from "./doc-comment.ts";

/** A property of an object type: an option, or a field of a result. */
export interface Field {
  readonly name: string;
  /** May be left out, or is missing when there is nothing to say. */
  readonly isOptional: boolean;
  readonly type: string;
  readonly default: string;
  readonly meaning: string;
}

const FORMAT = ts.TypeFormatFlags.NoTruncation;

/** The package that declares this, if it is not this one. */
export function packageOf({ declarations: [declaration] = [] }: ts.Symbol): string | undefined {
  const path = declaration?.getSourceFile().fileName ?? "";
  return /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
}

export function isHidden(symbol: ts.Symbol): boolean {
  if (symbol.name.startsWith("#") || symbol.name.startsWith("__@")) return true;
  if (packageOf(symbol) !== undefined) return true;
  const [declaration] = symbol.declarations ?? [];
  if (!declaration) return false;
  if (
    ts.getCombinedModifierFlags(declaration) &
    (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)
  )
    return true;
  return docOf(declaration).isInternal;
}

/** One line, and no `undefined` where a question mark says it: `{ name?: string | undefined }`. */
export function tidy(type: string): string {
  return type
    .replaceAll(/import\("[^"]*"\)\./g, "")
    .replaceAll(/\s+/g, " ")
    .replaceAll(/(\?: [^;,(){}=]*?) \| undefined\b/g, "$1")
    .replaceAll("readonly ", "");
}

export function isOptionalProperty(symbol: ts.Symbol): boolean {
  return (symbol.flags & ts.SymbolFlags.Optional) !== 0;
}

/** The type of a property; of an optional one without the `undefined` that its question mark says. */
export function typeOf(symbol: ts.Symbol, at: ts.Node, checker: ts.TypeChecker): string {
  const { valueDeclaration: declared } = symbol;
  const own =
    declared && (ts.isPropertySignature(declared) || ts.isPropertyDeclaration(declared))
      ? declared.type
      : undefined;
  if (!own) {
    const type = checker.getTypeOfSymbolAtLocation(symbol, at);
    const text = checker.typeToString(type, at, FORMAT);
    return tidy(
      isOptionalProperty(symbol) && type.isUnion() ? text.replace(/ \| undefined$/, "") : text,
    );
  }
  if (!isOptionalProperty(symbol) || !ts.isUnionTypeNode(own)) return tidy(own.getText());
  const members = own.types.filter((member) => member.kind !== ts.SyntaxKind.UndefinedKeyword);
  const [only] = members;
  return tidy(
    only && members.length === 1 && ts.isParenthesizedTypeNode(only)
      ? only.type.getText()
      : members.map((member) => member.getText()).join(" | "),
  );
}

/** The fields of an object type; those of an object that has no name of its own follow it, as `retry.attempts`. */
export function fieldsOf(
  type: ts.Type,
  at: ts.Node,
  checker: ts.TypeChecker,
  prefix = "",
): Field[] {
  return type.getProperties().flatMap((property) => {
    if (isHidden(property)) return [];
    const name = `${prefix}${property.name}`;
    const doc = docOf(property.declarations?.[0]);
    const meaning = paragraphs(doc)
      .join(" ")
      .replaceAll(/\s*\n\s*/g, " ");
    const inner = checker.getTypeOfSymbolAtLocation(property, at);
    const members = inner.isUnion() ? inner.types : [inner];
    const nested = members
      .filter((member) => member.symbol?.flags & ts.SymbolFlags.TypeLiteral && !member.aliasSymbol)
      .filter((member) => member.getCallSignatures().length === 0)
      .flatMap((member) => fieldsOf(member, at, checker, `${name}.`))
      .filter((field) => field.meaning !== "");
    const told = isOptionalProperty(property)
      ? members.filter((member) => !(member.flags & ts.TypeFlags.Undefined))
      : members;
    const shown = nested.length > 0 ? shortened(told, at, checker) : typeOf(property, at, checker);
    return [
      {
        name,
        isOptional: isOptionalProperty(property),
        type: shown,
        default: doc.default,
        meaning,
      },
    ].concat(nested);
  });
}

/** A union in which an object whose fields are listed below is `{ … }`. */
function shortened(members: readonly ts.Type[], at: ts.Node, checker: ts.TypeChecker): string {
  const texts = members.map((member) =>
    member.symbol?.flags & ts.SymbolFlags.TypeLiteral
      ? "{ … }"
      : tidy(checker.typeToString(member, at, FORMAT)),
  );
  return [...new Set(texts)].join(" | ");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll(/\s*\n\s*/g, " ");
}

function code(text: string): string {
  return text === "" ? "" : `\`${cell(text)}\``;
}

export function table(fields: readonly Field[]): string {
  const hasDefaults = fields.some((field) => field.default !== "");
  const head = hasDefaults ? ["name", "type", "default", "meaning"] : ["name", "type", "meaning"];
  const rows = fields.map(({ name, isOptional, type, default: standard, meaning }) => [
    `\`${name}${isOptional ? "?" : ""}\``,
    code(type),
    ...(hasDefaults ? [cell(standard)] : []),
    cell(meaning),
  ]);
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}
