// Chaos: a fleet under load and faults, and a checker that compares what was due with what happened. See docs/contributing/chaos.md.
import { writeFileSync } from "node:fs";
import { killLeftovers } from "../helpers/children.ts";
import { check } from "./check/check.ts";
import { tally, untried } from "./check/tally.ts";
import { type ChaosOptions, readOptions } from "./options.ts";
import { type Column, story, table } from "./report.ts";
import { campaign } from "./run/campaign.ts";

const print = (text: string): void => void process.stdout.write(`${text}\n`);

async function main(options: ChaosOptions, signal: AbortSignal): Promise<number> {
  const { seed, engine, forMs, workers, jobs, defect } = options;
  const again = [
    `npm run chaos -- --seconds ${forMs / 1_000} --seed ${seed} --engine ${engine}`,
    `--workers ${workers} --jobs ${jobs}`,
    ...(defect === undefined ? [] : [`--defect ${defect}`]),
  ].join(" ");
  print(`chaos on ${engine}: ${again}`);
  const say = (text: string): void => print(`  ${text}`);
  const parts = { engine, seed, forMs, workers, jobs, signal, say };
  const ours = await campaign({ ...parts, system: "cronduit", ...(defect ? { defect } : {}) });
  const { about, violations } = check(ours.history);
  const counted = tally(about);
  if (options.history !== undefined) writeFileSync(options.history, JSON.stringify(ours));
  const columns: Column[] = [{ name: "cronduit", counted, violations }];
  if (options.system === "bare") {
    say("the same on bare BullMQ Job Schedulers:");
    const bare = await campaign({ ...parts, system: "bare" });
    columns.push({ name: "bare BullMQ", counted: tally(check(bare.history).about) });
  }
  print(`\n${table(columns)}\n`);
  const missing = untried(counted);
  if (violations.length > 0) print(`${story(ours.history, violations, again)}\n`);
  if (missing.length > 0) print(`Not tried, so nothing is proved: ${missing.join("; ")}.`);
  const isClean = violations.length === 0 && missing.length === 0;
  print(isClean ? "Clean." : `${violations.length} violations. Seed ${seed}.`);
  return isClean ? 0 : 1;
}

const interrupted = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(name, () => interrupted.abort());
// An unhandled rejection must not leave a frozen server or a folder behind.
process.on("uncaughtException", (error) => {
  print(`unexpected: ${error.stack}`);
  interrupted.abort();
});

try {
  process.exitCode = await main(readOptions(process.argv.slice(2)), interrupted.signal);
} catch (error) {
  print(
    interrupted.signal.aborted
      ? "interrupted"
      : String(error instanceof Error ? error.stack : error),
  );
  process.exitCode = 2;
} finally {
  const left = await killLeftovers();
  if (left.length > 0) print(`killed what was left: ${left.join(", ")}`);
}
// Timers of interrupted faults must not keep the process alive.
process.exit();
