import type { JobListQuery } from "../../src/engine/port/engine.ts";
import { playFleetRuns } from "./lists/fleet-runs.ts";
import { ListedFleet } from "./lists/listed-fleet.ts";
import { type Bench, CRONDUIT } from "./measure/bench.ts";
import { MeasuredRedis } from "./measure/redis-reading.ts";
import { playRounds } from "./measure/rounds.ts";
import { quantile } from "./measure/statistics.ts";

const PARTS: Readonly<Record<string, number>> = { "1,000 jobs": 1_000, "100,000 jobs": 100_000 };
const SCAN = "scan by offset";
const TRIES = 15;

/** The median of how long something took. */
async function medianMs(work: () => Promise<unknown>): Promise<number | null> {
  const times: number[] = [];
  for (let i = 0; i < TRIES; i += 1) {
    const from = performance.now();
    await work();
    times.push(performance.now() - from);
  }
  return quantile(
    times.toSorted((a, b) => a - b),
    0.5,
  );
}

async function measure(fleet: ListedFleet, count: number, side: string) {
  const { engine } = fleet;
  const listed = async (query: Partial<JobListQuery>): Promise<void> => {
    const asked = { filter: {}, order: "next-run", limit: 100, mostLooked: 20_000 } as const;
    const { found } = await engine.jobs.list({ ...asked, ...query }, "all");
    await engine.jobs.get(found.map(({ id }) => id));
  };
  if (side === SCAN)
    return {
      first: await medianMs(() => fleet.scan(() => true, 100, 0)),
      middle: await medianMs(() => fleet.scan(() => true, 100, count / 2)),
      owner: await medianMs(() => fleet.scan((owner) => owner === "tiny", 10, 0)),
      nothing: await medianMs(() => fleet.scan(() => false, 100, 0)),
    };
  await fleet.longestCommandMs();
  const half = await engine.jobs.list(
    { filter: {}, order: "next-run", limit: 500, mostLooked: count / 2 },
    "all",
  );
  return {
    first: await medianMs(() => listed({})),
    middle: await medianMs(() => listed({ after: half.next })),
    owner: await medianMs(() => listed({ filter: { owners: ["tiny"] } })),
    nothing: await medianMs(() => listed({ filter: { text: "nothing like it" } })),
    longest: await fleet.longestCommandMs(),
    bytes: (await fleet.listBytes()) / count,
  };
}

export const bench: Bench = {
  title: "Lists of jobs and runs",
  about: `
Pages of 100 jobs on Redis, each job read, as \`getJobs\` reads them; medians of ${TRIES} calls. The other side does what \`getJobs\` did before: it reads jobs
by an offset and filters them itself. A third of the jobs are due at the same millisecond. The filter without a match looks at 20,000 jobs.

Runs of the whole fleet, 100 a page: of 1,000,000 rows of 2,000 jobs on PostgreSQL, and of the 50,000 newest on Redis, where page 10,000 is the last one. A list
that finds less than a page has looked at as much as one call may.`,
  figures: {
    first: { label: "first page, ms", better: "less" },
    middle: { label: "page behind half of the jobs, ms", better: "less" },
    owner: { label: "an owner's 10 jobs, ms", better: "less" },
    nothing: { label: "text that no job has, ms", better: "less" },
    longest: { label: "longest script, ms", better: "less" },
    bytes: { label: "Redis memory of lists, bytes a job", better: "less" },
    listP50: { label: "a page of runs, p50, ms", better: "less" },
    listP99: { label: "a page of runs, p99, ms", better: "less" },
    found: { label: "runs found", better: "more" },
  },
  sides: [CRONDUIT, SCAN],
  async play(options) {
    const { quick, rounds, sides, say } = options;
    const parts = quick ? ["1,000 jobs"] : Object.keys(PARTS);
    const count = quick ? 1 : (rounds ?? 3);
    await using redis = await MeasuredRedis.start();
    const ofJobs = await playRounds({ count, parts, sides, say }, async (part, side) => {
      await redis.clear();
      const jobs = PARTS[part] ?? 0;
      await using fleet = await ListedFleet.make(redis.url, jobs);
      return await measure(fleet, jobs, side);
    });
    return sides.includes(CRONDUIT) ? [...ofJobs, ...(await playFleetRuns(options))] : ofJobs;
  },
};
