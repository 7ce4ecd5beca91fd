// Docstrings as Markdown. They are read from the comment's own text: the compiler takes `@pipeline` in an example for a
// tag, and a `{@link X}` behind `@throws` for a type.
import ts from "typescript";

const TAGS = [
  "default",
  "returns",
  "throws",
  "param",
  "template",
  "example",
  "see",
  "yields",
  "internal",
];
const TAG = new RegExp(String.raw`(?:^|\s)@(${TAGS.join("|")})\b[ \t]*`, "g");
const LINK = /\{@link(?:code|plain)?\s+([^}\s|]+)[^}]*\}/g;
const FENCE = /^```[\s\S]*?^```$/gm;

/** A docstring, taken apart. */
export interface DocComment {
  readonly text: string;
  readonly default: string;
  readonly returns: string;
  readonly throws: string;
  readonly params: readonly string[];
  readonly examples: readonly string[];
  readonly isInternal: boolean;
}

const NONE: DocComment = {
  text: "",
  default: "",
  returns: "",
  throws: "",
  params: [],
  examples: [],
  isInternal: false,
};

/** The text between `/**` and its end, without the asterisks; what may not stand in a comment is written `*\/`. */
function textOf(comment: ts.JSDoc): string {
  return comment
    .getText()
    .replace(/^\/\*\*[ \t]?/, "")
    .replace(/\s*\*\/$/, "")
    .replaceAll(/^[ \t]*\*[ \t]?/gm, "")
    .replaceAll("*\\/", "*/")
    .trim();
}

/** Where each tag begins, but for those in examples of code. */
function tagsIn(
  text: string,
): { readonly name: string; readonly at: number; readonly from: number }[] {
  const masked = text.replaceAll(FENCE, (fence) => " ".repeat(fence.length));
  return [...masked.matchAll(TAG)].map((match) => ({
    name: match[1] ?? "",
    at: match.index,
    from: match.index + match[0].length,
  }));
}

function parse(comment: ts.JSDoc): DocComment {
  const text = textOf(comment)
    .replaceAll(LINK, "`$1`")
    .replaceAll(/^```ts$/gm, "```typescript");
  const tags = tagsIn(text);
  const contents = tags.map(({ name, from }, i) => ({
    name,
    said: text.slice(from, tags[i + 1]?.at ?? text.length).trim(),
  }));
  const said = (name: string) => contents.filter((tag) => tag.name === name).map((tag) => tag.said);
  return {
    text: text.slice(0, tags[0]?.at ?? text.length).trim(),
    default: said("default").join(" "),
    returns: [...said("returns"), ...said("yields")].join(" "),
    throws: said("throws").join(" "),
    params: [...said("template"), ...said("param")],
    examples: said("example"),
    isInternal: said("internal").length > 0,
  };
}

/** The docstring of a declaration. */
export function docOf(declaration: ts.Node | undefined): DocComment {
  const comments = declaration ? ts.getJSDocCommentsAndTags(declaration).filter(ts.isJSDoc) : [];
  const last = comments.at(-1);
  return last ? parse(last) : NONE;
}

/** The docstring as paragraphs: what it says, its parameters, result, errors and examples. */
export function paragraphs({ text, params, examples, returns, throws }: DocComment): string[] {
  const listed = params.flatMap((param) => {
    const [, name = "", said = ""] = /^(\S+)\s*-?\s*([\s\S]*)$/.exec(param) ?? [];
    return said === "" ? [] : [`- \`${name}\`: ${said}`];
  });
  return [
    text,
    listed.join("\n"),
    returns === "" ? "" : `Returns: ${returns}`,
    throws === "" ? "" : `Throws: ${throws}`,
    ...examples.map((example) => (example.includes("\n") ? example : `Example: \`${example}\``)),
  ].filter((part) => part !== "");
}
