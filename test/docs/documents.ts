import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Markdown pages below a folder, as paths from `root`. */
export function markdownIn(folder: string, root = ROOT): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === "." ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return path === "docs/api" ? [] : markdownIn(path, root);
    return entry.name.endsWith(".md") ? [path] : [];
  });
}

/** Every page that is written by hand. */
export const DOCUMENTS: readonly string[] = [
  "README.md",
  ".github/CONTRIBUTING.md",
  ...markdownIn("docs"),
  ...markdownIn("test").filter((path) => !path.startsWith("test/vectors/")),
];

/** A page's text without its blocks of code, in which brackets and marks mean something else. */
export function proseOf(path: string, root = ROOT): string {
  return readFileSync(join(root, path), "utf8").replaceAll(/^```[\s\S]*?^```$/gm, "");
}
