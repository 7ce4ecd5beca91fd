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

\`npm run bench\` measures on your machine. What it prints depends on the machine and on what else runs there, so compare the
ratios, not the figures. This page was made from one such run by \`npm run bench -- report\`.

\`\`\`sh
npm run bench -- throughput               # one of: NAMES
npm run bench -- throughput size          # some of them
npm run bench -- all --json out.json      # all of them, and each round as JSON: about an hour
npm run bench -- report out.json          # writes this page from it
npm run bench -- throughput --rounds 3 --seconds 5
npm run bench -- throughput --side cronduit --profile folder   # where processor time goes, for Chrome's developer tools
npm run bench -- all --quick              # one small round: to see that it works, no figures to quote
\`\`\`

It needs a Redis server's program on the machine; \`engines\` and \`peers\` need PostgreSQL's too. It starts servers of its own
on free ports, which write nothing to the disk, and ends them.

## How it is measured

The package is built first, and measured as it is published. Bare BullMQ is its own Job Schedulers (\`upsertJobScheduler\`),
queue and worker, with its defaults, set to keep nothing of a run. Each side is a process of its own on the same Redis
server, which has its default settings and is emptied before each turn. The pipelines do nothing; the concurrency is 50.

The sides take turns, round after round; in every second round the other one comes first. A figure is the median over the
rounds, with the lowest and the highest in brackets. A ratio is cronduit's figure by the other's of the same round.

Processor time is told beside speed because it is steadier: on a machine that is busy with other things, wall time
says little. Commands of the server are told with those that scripts call, so they are no round trips.

The two sides do not do the same work. For every run cronduit decides on \`maxInstances\`, \`coalesce\` and
\`misfireGraceTime\`, keeps a row in the ledger, and tells of it in events. The ratio is what the accounting costs.
`;

const TAIL = `## What is not measured

- Servers that write to the disk, or stand across a network: there each step waits for those, on both sides.
- Pipelines that do something, and params, results, retries, conditions, logs or listeners that a run may have.
- A load that lasts for hours; a ledger of millions of rows, and what reading it costs.
- How late runs are at the limit of what an engine can do: there, what is late is coalesced or left out.
- Several schedulers, workers on several machines, Redis Cluster and Sentinel, Valkey.
- Agenda on MongoDB, and peers that need a server of their own kind.
- Correctness under load and faults: see [chaos](chaos.md).
`;

const BUSY =
  "It was busy with other work: trust the ratios of processor time and commands, and of the rest no more than the order of magnitude.";

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
