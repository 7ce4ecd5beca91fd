// docs/reference.md: every export of the package, made from its types and docstrings.
import { describe, type ExportKind, kindOf } from "./describe.ts";
import { type PublicExport, type PublicSurface } from "./exports.ts";

/** Sections of the page: the folders of `src` that declare what stands in them. */
const SECTIONS: readonly { readonly title: string; readonly folders: readonly string[] }[] = [
  { title: "Scheduler", folders: ["scheduler"] },
  { title: "Worker", folders: ["worker"] },
  { title: "Simulation", folders: ["simulate"] },
  { title: "Tasks", folders: ["tasks"] },
  { title: "Job files", folders: ["config"] },
  { title: "HTTP API", folders: ["api"] },
  { title: "Testing", folders: ["testing"] },
  { title: "Jobs", folders: ["jobs"] },
  { title: "Pipelines", folders: ["pipeline"] },
  { title: "Triggers", folders: ["triggers"] },
  { title: "Conditions", folders: ["conditions"] },
  { title: "Events", folders: ["events"] },
  { title: "Runs and history", folders: ["history"] },
  { title: "Engines", folders: ["engine"] },
  { title: "Errors, clock and logs", folders: ["core"] },
];

const KINDS: readonly ExportKind[] = [
  "class",
  "namespace",
  "function",
  "object",
  "alias",
  "constant",
];

const INTRODUCTION = `<!-- Made by \`npm run reference\` from types and docstrings. Don't edit. -->

# Reference

Every class, method, function, option and type of the package, made from the code. A name with a question mark may be left out.
Lengths of time are [durations](durations.md).
Error codes are in [errors](errors.md), events in [events](events.md).`;

/** The anchors of headings as GitHub makes them, in the order of the page: a repeated one is numbered. */
function anchors(headings: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return headings.map((heading) => {
    const slug = heading
      .replace(/^#+ /, "")
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, "")
      .replaceAll(" ", "-");
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    return before === 0 ? slug : `${slug}-${before}`;
  });
}

/** The single bits say in the table of events what they mean. */
function isEventBit({ name }: PublicExport): boolean {
  return name.startsWith("EVENT_") && name !== "EVENT_BITS";
}

/** The Markdown of each export of a section, heading first. */
function entriesOf(items: readonly PublicExport[], surface: PublicSurface): string[][] {
  const sorted = KINDS.flatMap((kind) =>
    items
      .filter((item) => kindOf(item, surface.checker) === kind)
      .toSorted((a, b) => a.name.localeCompare(b.name, "en")),
  );
  return sorted.map((item) => {
    const [heading = "", ...rest] = describe(item, surface);
    const origin =
      item.from === "cronduit"
        ? []
        : [item.from ? `Imported from \`${item.from}\`.` : "Not exported by itself."];
    return [heading].concat(origin, rest);
  });
}

/** Writes below each heading of a section what stands in it, with links. */
function withContents(parts: readonly string[]): string[] {
  const headings = parts.filter((part) => part.startsWith("#"));
  const anchorOf = anchors(headings);
  const contents = new Map<number, string[]>();
  let section = 0;
  for (const [i, heading] of headings.entries()) {
    if (heading.startsWith("## ")) contents.set((section = i), []);
    else if (heading.startsWith("### "))
      contents.get(section)?.push(`[${heading.slice(4)}](#${anchorOf[i]})`);
  }
  let at = -1;
  return parts.flatMap((part) => {
    if (!part.startsWith("#")) return [part];
    at += 1;
    const links = contents.get(at);
    return links ? [part, links.join(" · ")] : [part];
  });
}

/** The whole page. */
export function makeReference(surface: PublicSurface): string {
  const items = surface.exports.filter((item) => !isEventBit(item));
  const known = new Set(SECTIONS.flatMap(({ folders }) => folders));
  const homeless = items.filter(({ folder }) => !known.has(folder));
  if (homeless.length > 0)
    throw new Error(
      `no section for ${homeless.map(({ name, folder }) => `${folder}/${name}`).join(", ")}`,
    );
  const parts = SECTIONS.flatMap(({ title, folders }) => {
    const entries = entriesOf(
      items.filter(({ folder }) => folders.includes(folder)),
      surface,
    );
    return [`## ${title}`].concat(...entries);
  });
  return `${[INTRODUCTION, ...withContents(parts)].join("\n\n")}\n`;
}
