import { format } from "prettier";
import { z } from "zod";
import { BENCHES, loadBench } from "./catalogue.ts";
import type { Bench, Measured } from "./measure/bench.ts";
import { type Machine, machineSchema } from "./measure/machine.ts";
import { tableOf } from "./measure/table.ts";

const measuredSchema: z.ZodType<Measured> = z.strictObject({
  samples: z.array(
    z.strictObject({
      part: z.string(),
      side: z.string(),
      round: z.int().min(1),
      figures: z.record(z.string(), z.number().nullable()),
    }),
  ),
  seconds: z.number(),
  loads: z.array(z.array(z.number())),
});

/** What `--json` writes. */
export const resultsSchema = z.strictObject({
  at: z.iso.datetime(),
  /** Whether it was only tried whether all works. */
  quick: z.boolean(),
  /** What was chosen for all benches; absent: each one's own. */
  rounds: z.int().min(1).exactOptional(),
  seconds: z.number().min(1).exactOptional(),
  machine: machineSchema,
  results: z.partialRecord(z.enum(BENCHES), measuredSchema),
});
export type Results = z.output<typeof resultsSchema>;

const HEAD = `# Benchmarks

\`npm run bench\` measures on your machine. The figures depend on the machine and on what else runs there, so compare the
ratios. \`npm run bench -- report\` made this page from one such run.

\`\`\`sh
npm run bench -- throughput               # one of: NAMES
npm run bench -- throughput size          # some of them
npm run bench -- all --json out.json      # all of them, and each round as JSON: about an hour
npm run bench -- report out.json          # writes this page from it
npm run bench -- throughput --rounds 3 --seconds 5
npm run bench -- api --jobs 100000 --rows 1000000   # how much is stored
npm run bench -- throughput --side cronduit --profile folder   # where processor time goes, for Chrome's developer tools
npm run bench -- all --quick              # one small round: to see that it works, no figures to quote
\`\`\`

It needs \`redis-server\` on the machine; \`start\`, \`engines\`, \`peers\`, \`lists\` and \`api\` need PostgreSQL too. It starts its own servers on free ports,
which write nothing to disk, and stops them.

## How it is measured

The package is built first and measured as published. Bare BullMQ means its own Job Schedulers (\`upsertJobScheduler\`),
queue and worker with default options, set to keep nothing of a run. Each side is a process of its own on the same Redis
server, which has default settings and is emptied before each turn. The pipelines do nothing; the concurrency is 50.

The sides take turns, and every second round starts with the other one. A figure is the median over the rounds, with the
lowest and the highest in brackets. A ratio divides cronduit's figure by the other's of the same round.

Processor time stands beside speed because it is steadier: on a busy machine, wall time says little. The server's commands
include those that scripts call, so they are not round trips.

The two sides do not do the same work. For every run cronduit decides on \`maxInstances\`, \`coalesce\` and
\`misfireGraceTime\`, keeps a row in the ledger, and sends events. The ratio is what the accounting costs.
`;

const TAIL = `## What is not measured

- Servers that write to disk or sit across a network: there each step waits for them, on both sides.
- Pipelines that do something; params, results, retries, conditions, logs and listeners.
- A load that lasts for hours.
- How late runs are at an engine's limit: there, late occurrences are coalesced or left out.
- Several schedulers, workers on several machines, Redis Cluster and Sentinel, Valkey.
- Agenda on MongoDB, and peers that need a server of their own kind.
- Correctness under load and faults: see [chaos](chaos.md).
`;

const BUSY =
  "It was busy with other work: trust the ratios of processor time and commands; of the rest, only the order of magnitude.";

/** The page for `docs/contributing/benchmarks.md`. */
export async function renderReport(told: Results): Promise<string> {
  const { quick, machine, results } = told;
  const sections: string[] = [];
  for (const name of BENCHES) {
    const measured = results[name];
    const bench = await loadBench(name);
    sections.push(
      `### ${bench.title}\n\n\`npm run bench -- ${name}\`.${bench.about.startsWith("\n") ? " " : ""}${bench.about.trim()}`,
      measured ? seen(bench, measured, machine) : "It was not part of this run.",
    );
  }
  const warning = quick ? "\n\n**Only tried (`--quick`): these are no figures to quote.**" : "";
  const text = [
    HEAD.replace("NAMES", BENCHES.join(", ")),
    `## What was seen\n\n${place(told)}${warning}`,
    ...sections,
    TAIL,
  ].join("\n\n");
  return format(text, { parser: "markdown", printWidth: 100 });
}

function place({ at, machine, rounds, seconds }: Results): string {
  const day = new Date(at).toLocaleDateString("en-GB", { dateStyle: "long", timeZone: "UTC" });
  const { processors, processor, memoryGb, system, node, redis, bullmq } = machine;
  const chosen = [
    rounds === undefined ? "" : ` --rounds ${rounds}`,
    seconds === undefined ? "" : ` --seconds ${seconds}`,
  ].join("");
  const how = chosen === "" ? "" : ` Played with \`${chosen.trim()}\`.`;
  return `${day}; ${processors} processors (${processor}), ${memoryGb} GB, ${system}, Node ${node}, Redis ${redis}, BullMQ ${bullmq}.${how}`;
}

function seen(bench: Bench, { samples, seconds, loads }: Measured, machine: Machine): string {
  const cells = (line: readonly string[]): string =>
    `| ${line.map((cell) => cell.replaceAll("|", "\\|").replaceAll("*", "\\*")).join(" | ")} |`;
  const [head = [], ...lines] = tableOf(bench, samples);
  const table = [cells(head), cells(head.map(() => "---")), ...lines.map(cells)].join("\n");
  return `${table}\n\n${roundsOf(samples)} in ${seconds} s. ${loadsOf(loads, machine)}`;
}

function roundsOf(samples: Measured["samples"]): string {
  const count = Math.max(0, ...samples.map(({ round }) => round));
  return count === 1 ? "One round" : `${count} rounds`;
}

function loadsOf([before = [], after = []]: Measured["loads"], { processors }: Machine): string {
  const load = `The machine's load over 1, 5 and 15 minutes was ${before.join(", ")} before and ${after.join(", ")} after.`;
  return (before[0] ?? 0) > processors ? `${load} ${BUSY}` : load;
}
