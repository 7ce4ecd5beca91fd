import type { JobToSimulate } from "../../../src/simulate.ts";

/** How often, and how many of 1,000 jobs. */
const CADENCES: readonly (readonly [share: number, expression: (i: number) => string])[] = [
  [100, (i) => `${i % 5}/5 * * * *`],
  [100, (i) => `${i % 15}/15 * * * *`],
  [150, (i) => `${i % 30}/30 * * * *`],
  [200, (i) => `${i % 60} * * * *`],
  [300, (i) => `${(i * 7) % 60} ${i % 24} * * *`],
  [100, (i) => `${i % 60} ${i % 24} * * ${i % 7}`],
  [40, (i) => `0 ${i % 24} ${1 + (i % 28)} * *`],
  [10, (i) => `0 6 ${1 + (i % 28)} ${1 + (i % 12)} *`],
];
const ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Sydney"];
const OVERLAPS = ["skip", "queue-one", "queue-all", "cancel-running"] as const;

/** Says what {@link mixedFleet} is made of. */
export const MIXTURE =
  "Of 1,000 jobs, 100 run every 5 minutes, 100 every 15, 150 every 30, 200 hourly, 300 daily, 100 weekly, 40 monthly and 10 yearly, in five time zones. " +
  "A tenth has jitter (up to a minute), a fifth one of 20 concurrency groups, a tenth a condition on another job (half of these wait for it), " +
  "a tenth each of the overlap rules `queue-one`, `queue-all` and `cancel-running`, a quarter a grace time, a tenth no coalescing, and a tenth retries, " +
  "of which one in a hundred attempts needs one.";

/** Jobs of every cadence, with every rule; always the same ones. */
export function mixedFleet(count: number): JobToSimulate[] {
  const jobs: JobToSimulate[] = [];
  for (let i = 0; i < count; i += 1) {
    // Rules are spread over all cadences.
    const rule = (i * 37) % 100;
    jobs.push({
      id: `job_${i}`,
      trigger: "cron",
      expression: expressionOf(i, count),
      timezone: ZONES[i % ZONES.length] ?? "UTC",
      ...(rule % 10 === 0 ? { jitter: "1m" } : {}),
      ...(rule % 5 === 1 ? { concurrencyGroup: { key: `group-${i % 20}`, limit: 4 } } : {}),
      ...(rule % 10 === 2 ? { condition: `job_${(i + 7) % count}.last_run_successful` } : {}),
      ...(rule % 20 === 2 ? { conditionPolicy: { wait: "10m" } } : {}),
      ...(rule % 10 >= 7 ? { overlap: OVERLAPS[(rule % 10) - 6] ?? "skip" } : {}),
      ...(rule % 4 === 0 ? { misfireGraceTime: "10m" } : {}),
      ...(rule % 10 === 3 ? { coalesce: false } : {}),
      ...(rule % 10 === 5 ? { retry: 3 } : {}),
    });
  }
  return jobs;
}

function expressionOf(i: number, count: number): string {
  let place = (i * 1_000) / count;
  for (const [share, expression] of CADENCES) {
    if (place < share) return expression(i);
    place -= share;
  }
  return "0 0 1 1 *";
}

/** Most runs are short, some are longer than their interval. */
export function lengthOf({ id }: { readonly id: string }, fireTime: Date): number {
  const mixed = (Number(id.slice(4)) * 7_919 + fireTime.getTime() / 60_000) % 1_000;
  return mixed < 900 ? 5 + (mixed % 60) : mixed < 990 ? 120 + (mixed % 120) : 900;
}

/** One in a hundred first attempts fails. */
export function outcomeOf(
  { id }: { readonly id: string },
  fireTime: Date,
  attempt: number,
): "succeeded" | "failed" {
  const mixed = (Number(id.slice(4)) * 31 + fireTime.getTime() / 60_000) % 100;
  return mixed < 1 && attempt === 1 ? "failed" : "succeeded";
}
