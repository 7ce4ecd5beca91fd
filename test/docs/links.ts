import { existsSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { proseOf, ROOT } from "./documents.ts";

/** The anchors that GitHub gives the headings of a page. */
function anchorsOf(path: string, root: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of proseOf(path, root).matchAll(/^#{1,6} +(.+?) *$/gm)) {
    const slug = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .replaceAll(/(?<![\p{L}\p{N}])_([^_]+)_(?![\p{L}\p{N}])/gu, "$1")
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, "")
      .replaceAll(" ", "-");
    let anchor = slug;
    for (let i = 1; anchors.has(anchor); i += 1) anchor = `${slug}-${i}`;
    anchors.add(anchor);
  }
  return anchors;
}

interface Link {
  /** As it is written. */
  readonly target: string;
  /** The page that it leads to, from the root. */
  readonly page: string;
  readonly anchor: string | undefined;
}

/** The links of a page within the repository. */
export function linksOf(path: string, root = ROOT): Link[] {
  return [...proseOf(path, root).matchAll(/\]\(([^)\s]+)[^)]*\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [file = "", anchor] = target.split("#");
      return { target, page: file === "" ? path : normalize(join(dirname(path), file)), anchor };
    });
}

/** The links of a page that lead to no file, or to no heading of it; those to other servers are not tried. */
export function deadLinks(path: string, root = ROOT): string[] {
  return linksOf(path, root)
    .filter(({ page, anchor }) => {
      if (!existsSync(join(root, page))) return true;
      if (anchor === undefined) return false;
      return statSync(join(root, page)).isDirectory() || !anchorsOf(page, root).has(anchor);
    })
    .map(({ target }) => target);
}
