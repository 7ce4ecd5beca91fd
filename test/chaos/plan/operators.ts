import type { Change, JobSpec, Rules } from "../history/job-spec.ts";
import type { Random } from "./random.ts";
import { PLAIN } from "./plain-rules.ts";

/** Where operations are planned. */
interface Plan {
  plan(atMs: number, job: string, change: Change, client?: number): void;
}

const FIRST_MS = 2_500;
const EVERY_MS = 450;

/** Jobs that operators deal with: interval, rules. */
const OPERATED: readonly (readonly [string, number, Partial<Rules>])[] = [
  ["operated-plain", 700, {}],
  ["operated-each", 1_000, { coalesce: false, maxInstances: 2 }],
  ["operated-grace", 1_300, { graceMs: 1_000 }],
  ["operated-queue", 1_100, { overlap: "queue-all", coalesce: false }],
];

/** Whether operators deal with a job. */
export function isOperated(job: string): boolean {
  return job.startsWith("operated-");
}

/** Skips and taking them back, pauses until, what was missed, overrides, and calls that change many jobs. */
export function planOperators(
  plan: Plan,
  random: Random,
  { beginAt, forMs }: { readonly beginAt: number; readonly forMs: number },
): void {
  const startAt = beginAt + 250;
  for (const [job, everyMs, rules] of OPERATED) {
    const schedule = { kind: "interval", everyMs, startAt } as const;
    const work = { ms: 60, act: "polite" } as const;
    const spec: JobSpec = { schedule, rules: { ...PLAIN, ...rules }, work, rev: 0 };
    plan.plan(0, job, { kind: "add", spec });
  }
  const skipped = new Map<string, number[]>();
  for (let atMs = FIRST_MS; atMs < forMs; atMs += random.int(EVERY_MS / 2, EVERY_MS * 1.5)) {
    const [job, everyMs] = OPERATED[random.int(0, OPERATED.length - 1)] ?? ["", 1_000];
    const now = beginAt + atMs;
    const own = skipped.get(job) ?? [];
    skipped.set(job, own);
    const until = now + random.int(400, 4_000);
    const choice = random.next();
    if (choice < 0.32) {
      const at = startAt + (Math.ceil((now - startAt) / everyMs) + random.int(0, 3)) * everyMs;
      own.push(at);
      plan.plan(atMs, job, { kind: "skip", at });
    } else if (choice < 0.4) {
      const at = own.at(-1);
      if (at !== undefined) plan.plan(atMs, job, { kind: "unskip", at });
    } else if (choice < 0.52) plan.plan(atMs, job, { kind: "pause", until });
    else if (choice < 0.56) plan.plan(atMs, job, { kind: "pause" });
    else if (choice < 0.72) {
      const missed = random.pick<"latest" | "all" | undefined>(["latest", "all", undefined]);
      plan.plan(atMs, job, { kind: "resume", ...(missed && { missed }) });
    } else if (choice < 0.79) plan.plan(atMs, job, { kind: "override", isPaused: true, until });
    else if (choice < 0.86) {
      const schedule = {
        kind: "interval",
        everyMs: random.pick([600, 900, 1_500]),
        startAt: startAt + random.int(1, 500),
      } as const;
      plan.plan(atMs, job, { kind: "override", schedule, until });
    } else if (choice < 0.91) plan.plan(atMs, job, { kind: "clear" });
    else {
      const what = random.pick<"pause" | "resume" | "run">([
        "pause",
        "resume",
        "resume",
        "run",
        "run",
      ]);
      plan.plan(atMs, job, { kind: "bulk", what, jobs: OPERATED.map(([name]) => name) });
    }
  }
}
