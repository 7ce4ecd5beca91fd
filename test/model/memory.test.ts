import { openMemory } from "./memory-place.ts";
import { compareWithReference } from "./property.ts";

compareWithReference({ name: "memory", open: openMemory, runs: 100 });
