import { openEmbeddedMemory } from "./place.ts";
import { compareWithModel } from "./property.ts";

compareWithModel({ name: "embedded", open: openEmbeddedMemory, runs: 50 });
