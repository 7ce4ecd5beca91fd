// Benchmarks, see docs/benchmarks.md.
import { readdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { z } from "zod";
import { killLeftovers } from "../helpers/children.ts";
import type { Bench, Sample } from "./measure/bench.ts";
import { machineLoad, thisMachine } from "./measure/machine.ts";
import { printTable, tableOf } from "./measure/table.ts";
import { type Asked, readOptions } from "./options.ts";

/** A file `<name>.bench.ts` in this folder exports a {@link Bench}, or `run` and `print` if it is of another shape. */
const moduleSchema = z.union([
  z.object({
    bench: z.custom<Bench>((value) => typeof value === "object" && value !== null),
  }),
  z.object({
    run: z.custom<(options: { quick: boolean }) => unknown>((value) => typeof value === "function"),
    print: z.custom<(result: unknown) => string>((value) => typeof value === "function"),
  }),
]);

/** What a bench measured. */
interface Measured {
  readonly samples: readonly Sample[];
  readonly seconds: number;
  /** Of the machine, before and after. */
  readonly loads: readonly (readonly number[])[];
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);

async function play(bench: Bench, asked: Asked): Promise<Measured> {
  const from = performance.now();
  const before = machineLoad();
  const { quick, huge, rounds, seconds, profile, side } = asked;
  const sides = bench.sides.filter((name) => side === undefined || name === side);
  if (sides.length === 0) throw new Error(`--side: there are ${bench.sides.join(", ")}`);
  const samples = await bench.play({ quick, huge, rounds, seconds, profile, sides, say });
  return {
    samples,
    seconds: Math.round((performance.now() - from) / 1_000),
    loads: [before, machineLoad()],
  };
}

function print(bench: Bench, { samples, seconds, loads }: Measured): string {
  const rounds = Math.max(...samples.map(({ round }) => round));
  return [
    bench.title,
    printTable(tableOf(bench, samples)),
    `median (lowest-highest) of ${rounds} rounds in ${seconds} s; load before ${loads[0]?.join(" ")}, after ${loads[1]?.join(" ")}`,
    "",
  ].join("\n");
}

async function main(asked: Asked): Promise<number> {
  const names = readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith(".bench.ts"))
    .map((file) => file.slice(0, -".bench.ts".length));
  const wanted = asked.names.filter((name) => name !== "all");
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    say(`There is no bench "${unknown}". Known are all, ${names.join(", ")}.`);
    return 2;
  }
  const results: Record<string, unknown> = {};
  const told = { at: new Date().toISOString(), machine: thisMachine(), results };
  for (const name of wanted.length > 0 ? wanted : names) {
    const found = moduleSchema.parse(await import(`./${name}.bench.ts`));
    let text: string;
    if ("bench" in found) {
      const measured = await play(found.bench, asked);
      results[name] = measured;
      text = print(found.bench, measured);
    } else {
      results[name] = await found.run({ quick: asked.quick });
      text = found.print(results[name]);
    }
    if (!asked.json) process.stdout.write(`${text}\n`);
    // After each one: what was measured is kept if a later one fails.
    if (asked.out !== undefined) writeFileSync(asked.out, JSON.stringify(told, undefined, 2));
  }
  if (asked.json) process.stdout.write(`${JSON.stringify(told, undefined, 2)}\n`);
  return 0;
}

try {
  process.exitCode = await main(readOptions(process.argv.slice(2)));
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
} finally {
  const left = await killLeftovers();
  if (left.length > 0) say(`killed what was left: ${left.join(", ")}`);
}
