import { createHash } from "node:crypto";
import { openApiDocument } from "./openapi-document.ts";

/** The page's whole style: system fonts, light and dark. */
const STYLE = `:root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}
body{max-width:60rem;margin:0 auto;padding:1rem;background:light-dark(#fff,#16181c);color:light-dark(#1a1c20,#e4e6ea)}
a{color:light-dark(#0b57d0,#a8c7fa)}nav{display:flex;flex-wrap:wrap;gap:.25rem 1rem}
h2{margin-top:2.5rem}article{border-top:1px solid #8884;padding:.75rem 0}
h3{margin:0;font:600 1rem ui-monospace,monospace;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;vertical-align:top;padding:.2rem .75rem .2rem 0}
th code{white-space:nowrap}code{font:.9em ui-monospace,monospace;overflow-wrap:anywhere}
p{margin:.25rem 0}.role{color:light-dark(#50545c,#a9adb5)}summary{cursor:pointer}
@media(max-width:30rem){th,td{display:block;padding:0}th{padding-top:.5rem}td a{display:inline-block;min-height:1.6rem}th code{white-space:normal}}`;

/** The policy under which a browser shows the page: its own style and nothing else. */
export const DOCS_POLICY = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`;

interface Schema {
  readonly type?: string | readonly string[];
  readonly $ref?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly format?: string;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
  readonly description?: string;
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly description?: string;
    readonly schema: Schema;
  }[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly tags: readonly { readonly name: string }[];
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** The API as a page for people, without scripts and without anything from elsewhere. */
export function docsPage(basePath: string): string {
  const document = openApiDocument(basePath) as unknown as Document;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const groups = document.tags.map(({ name }) => name);
  const links = [...groups, "schemas"].map((name) => `<a href="#${text(name)}">${text(name)}</a>`);
  const sections = groups.map(
    (group) =>
      `<section id="${text(group)}"><h2>${text(group)}</h2>${operations
        .filter(({ operation }) => operation.tags.includes(group))
        .map((each) => article(each, basePath))
        .join("")}</section>`,
  );
  const schemas = Object.entries(document.components.schemas).map(
    ([name, schema]) =>
      `<article id="${text(name)}"><h3>${text(name)}</h3>${paragraph(schema.description)}${fields(schema)}</article>`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>cronduit API</title><style>${STYLE}</style></head>
<body><header><h1>cronduit API</h1><nav>${links.join("")}</nav></header><main>${sections.join("")}
<section id="schemas"><h2>schemas</h2>${schemas.join("")}</section></main></body></html>`;
}

function article(
  {
    path,
    method,
    operation,
  }: { readonly path: string; readonly method: string; readonly operation: Operation },
  basePath: string,
): string {
  const { operationId, summary, description, parameters, requestBody, responses } = operation;
  const body = requestBody?.content?.["application/json"]?.schema;
  const rows = parameters.map(({ name, in: place, required, description: meaning, schema }) =>
    row(name, required, {
      ...schema,
      description: [place === "path" ? "In the path." : "", meaning].filter(Boolean).join(" "),
    }),
  );
  const answers = Object.entries(responses).map(([status, answer]) => {
    const schema = answer.content?.["application/json"]?.schema;
    return `<tr><th scope="row"><code>${text(status)}</code></th><td>${prose(answer.description)} ${schema ? `<code>${kind(schema)}</code>${fields(schema)}` : ""}</td></tr>`;
  });
  return `<article id="${text(operationId)}"><h3>${text(method.toUpperCase())} ${text(basePath + path)}</h3>${paragraph(summary)}${paragraph(description, "role")}
${rows.length > 0 ? `<table>${rows.join("")}</table>` : ""}${body ? `<p>Body: <code>${kind(body)}</code></p>${fields(body)}` : ""}
<details><summary>Answers</summary><table>${answers.join("")}</table></details></article>`;
}

function fields({ properties = {}, required = [] }: Schema): string {
  const rows = Object.entries(properties).map(([name, schema]) =>
    row(name, required.includes(name), schema),
  );
  return rows.length === 0 ? "" : `<table>${rows.join("")}</table>`;
}

function row(name: string, isRequired: boolean, schema: Schema): string {
  return `<tr><th scope="row"><code>${text(name)}${isRequired ? "" : "?"}</code></th><td><code>${kind(schema)}</code></td><td>${prose(schema.description)}</td></tr>`;
}

/** A schema in a few words, as HTML. */
function kind(schema: Schema): string {
  const { $ref, type, items, enum: values, const: only, anyOf, oneOf, format } = schema;
  if ($ref !== undefined) {
    const name = text($ref.split("/").at(-1));
    return `<a href="#${name}">${name}</a>`;
  }
  if (values) return values.map((value) => text(JSON.stringify(value))).join(" | ");
  if (only !== undefined) return text(JSON.stringify(only));
  const options = anyOf ?? oneOf;
  if (options) return options.map(kind).join(" | ");
  if (items) return `list of ${kind(items)}`;
  return text(format ?? (typeof type === "object" ? type.join(" | ") : type) ?? "anything");
}

function paragraph(words: string | undefined, name?: string): string {
  if (words === undefined) return "";
  return `<p${name === undefined ? "" : ` class="${name}"`}>${prose(words)}</p>`;
}

/** A sentence as HTML: names of fields and values stand between backticks. */
function prose(words: string | undefined): string {
  return text(words).replaceAll(/`([^`]+)`/g, "<code>$1</code>");
}

function text(words: string | undefined): string {
  return (words ?? "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
