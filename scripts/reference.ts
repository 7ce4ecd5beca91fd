// Writes docs/reference.md: npm run reference.
import { writeFileSync } from "node:fs";
import { readPublicSurface } from "./reference/exports.ts";
import { makeReference } from "./reference/page.ts";

const page = new URL("../docs/reference.md", import.meta.url);
writeFileSync(page, makeReference(readPublicSurface()));
