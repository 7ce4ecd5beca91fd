import type { JobDefinition, Policy, Retention } from "../../src/jobs/definition.ts";

const CREATED_AT = Date.UTC(2020, 0, 1);
const DAY_MS = 86_400_000;

/** The fields a test sets; of policy and retention, only those that differ. */
export type DefinitionParts = Partial<Omit<JobDefinition, "policy" | "retention">> & {
  readonly policy?: Partial<Policy> | undefined;
  readonly retention?: Partial<Retention> | undefined;
};

/** A plain stored job: every second, one run at a time. */
export function aDefinition({ policy, retention, ...parts }: DefinitionParts = {}): JobDefinition {
  const createdAt = parts.createdAt ?? CREATED_AT;
  return {
    id: "job",
    pipeline: "Report",
    tags: [],
    params: null,
    timezone: "UTC",
    trigger: { kind: "interval", timezone: "UTC", everyMs: 1_000, anchorAt: createdAt },
    jitter: null,
    firstRunAt: null,
    policy: {
      maxInstances: 1,
      coalesce: true,
      misfireGraceMs: null,
      maxCatchUp: 1_000,
      when: null,
      overlap: "skip",
      group: null,
      retry: null,
      pauseAfterFailures: null,
      timeoutMs: null,
      isolate: "none",
      ...policy,
    },
    retention: { count: 1_000, ageMs: 30 * DAY_MS, ...retention },
    logs: { maxBytes: 65_536, runs: 10, ageMs: 7 * DAY_MS },
    secrets: [],
    createdAt,
    declared: { all: "one", schedule: "every second" },
    ...parts,
  };
}
