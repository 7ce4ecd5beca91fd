import { openMemory } from "./place.ts";
import { compareWithReference } from "./property.ts";

compareWithReference({ name: "memory", open: openMemory, runs: 200 });
