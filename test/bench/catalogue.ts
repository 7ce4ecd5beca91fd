import { readdirSync } from "node:fs";
import { z } from "zod";
import type { Bench } from "./measure/bench.ts";

/** In the order in which they are played and reported; a file `<name>.bench.ts` each. */
export const BENCHES = [
  "throughput",
  "lateness",
  "burst",
  "adding",
  "size",
  "lists",
  "api",
  "streams",
  "catch-up",
  "workers",
  "idle",
  "start",
  "cli",
  "peers",
  "engines",
  "triggers",
  "simulate",
  "files",
] as const;
export type BenchName = (typeof BENCHES)[number];

const moduleSchema = z.object({
  bench: z.custom<Bench>((value) => typeof value === "object" && value !== null),
});

export async function loadBench(name: BenchName): Promise<Bench> {
  return moduleSchema.parse(await import(`./${name}.bench.ts`)).bench;
}

/** The benches of this folder, whatever {@link BENCHES} says. */
export function benchFiles(): string[] {
  return readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith(".bench.ts"))
    .map((file) => file.slice(0, -".bench.ts".length));
}
