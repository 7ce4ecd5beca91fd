import { openMemory } from "./place.ts";
import { compareWithModel } from "./property.ts";

compareWithModel({ name: "memory", open: openMemory, runs: 50 });
