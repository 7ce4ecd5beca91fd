// Benchmarks, see docs/contributing/benchmarks.md.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { killLeftovers } from "../helpers/children.ts";
import { type BenchName, loadBench } from "./catalogue.ts";
import type { Bench, Measured } from "./measure/bench.ts";
import { machineLoad, thisMachine } from "./measure/machine.ts";
import { printTable, tableOf } from "./measure/table.ts";
import { type Asked, readOptions } from "./options.ts";
import { renderReport, type Results, resultsSchema } from "./report.ts";

const PAGE = fileURLToPath(new URL("../../docs/contributing/benchmarks.md", import.meta.url));

const say = (text: string): void => void process.stderr.write(`${text}\n`);

async function play(bench: Bench, asked: Asked): Promise<Measured> {
  const from = performance.now();
  const before = machineLoad();
  const { side, quick, huge, rounds, seconds, jobs, rows, profile } = asked;
  const sides = bench.sides.filter((name) => side === undefined || name === side);
  if (sides.length === 0) throw new Error(`--side: there are ${bench.sides.join(", ")}`);
  const samples = await bench.play({
    quick,
    huge,
    rounds,
    seconds,
    jobs,
    rows,
    profile,
    sides,
    say,
  });
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

/** @returns Whether each could be played; what one can't does not keep the others from it. */
async function playAll(names: readonly BenchName[], asked: Asked): Promise<boolean> {
  let isWhole = true;
  const results: Partial<Record<BenchName, Measured>> = {};
  const machine = thisMachine();
  const { quick, rounds, seconds } = asked;
  const chosen = {
    ...(rounds === undefined ? {} : { rounds }),
    ...(seconds === undefined ? {} : { seconds }),
  };
  const told: Results = { at: new Date().toISOString(), quick, ...chosen, machine, results };
  for (const name of names) {
    const bench = await loadBench(name);
    const measured = await play(bench, asked).catch((error: unknown) => {
      say(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    });
    if (!measured) {
      isWhole = false;
      continue;
    }
    results[name] = measured;
    if (!asked.json) process.stdout.write(`${print(bench, measured)}\n`);
    // After each one: what was measured is kept if a later one hangs.
    if (asked.out !== undefined) writeFileSync(asked.out, JSON.stringify(told, undefined, 2));
  }
  if (asked.json) process.stdout.write(`${JSON.stringify(told, undefined, 2)}\n`);
  return isWhole;
}

async function report(file: string): Promise<void> {
  const results = resultsSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  writeFileSync(PAGE, await renderReport(results));
  say("docs/contributing/benchmarks.md was written.");
}

async function main(args: readonly string[]): Promise<number> {
  const asked = readOptions(args);
  if (asked.report === undefined) return (await playAll(asked.names, asked)) ? 0 : 1;
  await report(asked.report);
  return 0;
}

// Servers are left to nobody.
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.once(name, () => void killLeftovers().finally(() => process.exit(130)));

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
} finally {
  const left = await killLeftovers();
  if (left.length > 0) say(`killed what was left: ${left.join(", ")}`);
}
