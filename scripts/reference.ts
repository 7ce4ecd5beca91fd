// Writes docs/reference.md, and the tables of errors and events in their pages: npm run reference.
import { writeFileSync } from "node:fs";
import { readPublicSurface } from "./reference/exports.ts";
import { makeReference } from "./reference/page.ts";
import { PAGES_WITH_TABLES, tablePage } from "./reference/tables.ts";

const surface = readPublicSurface();
writeFileSync(new URL("../docs/reference.md", import.meta.url), makeReference(surface));
for (const name of PAGES_WITH_TABLES) {
  const { url, is } = await tablePage(name, surface);
  writeFileSync(url, is);
}
