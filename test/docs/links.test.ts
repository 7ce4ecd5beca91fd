import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { DOCUMENTS } from "./documents.ts";
import { deadLinks, linksOf } from "./links.ts";

test.each(DOCUMENTS)("the links of %s lead somewhere", (document) => {
  expect(deadLinks(document)).toEqual([]);
});

/** What the npm package holds; `test/package.test.ts` looks at the package itself. */
const SHIPPED = DOCUMENTS.filter((page) => /^(?:README|docs\/[^/]+)\.md$/.test(page));

test.each(SHIPPED)("the links of %s lead to what is in the package", (page) => {
  const outside = linksOf(page).filter(
    ({ page: to }) =>
      !/^(?:(?:README|docs\/[^/]+|docs\/contributing\/README)\.md$|docs\/pictures\/[^/]+\.png|src\/.+\.ts)$/.test(
        to,
      ),
  );
  expect(outside).toEqual([]);
});

test("a link to a missing page or heading is found", () => {
  const root = mkdtempSync(join(tmpdir(), "cronduit-links-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  writeFileSync(join(root, "other.md"), "## `a.b()`, and _more_\n\n## Twice\n\n## Twice\n");
  const good = ["other.md", "other.md#ab-and-more", "other.md#twice-1", "#top", "https://x.org/#a"];
  const dead = ["gone.md", "other.md#gone", "other.md#twice-2", "#other", ".#top"];
  const text = [...good, ...dead].map((target) => `[x](${target})`).join("\n");
  writeFileSync(join(root, "page.md"), `# Top\n\n${text}\n\n\`\`\`md\n[x](never.md)\n\`\`\`\n`);
  expect(deadLinks("page.md", root)).toEqual(dead);
});
