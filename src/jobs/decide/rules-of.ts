import { compileCondition } from "../../conditions/compile.ts";
import type { JobDefinition } from "../definition.ts";
import type { JobRules } from "./state.ts";

/** What decisions go by, of a definition. */
export function rulesOf({ pipeline, owner, policy, retention }: JobDefinition): JobRules {
  const { when } = policy;
  return {
    pipeline,
    owner: owner ?? null,
    maxInstances: policy.maxInstances,
    coalesce: policy.coalesce,
    graceMs: policy.misfireGraceMs,
    maxCatchUp: policy.maxCatchUp,
    condition: when && compileCondition(when.condition),
    sees: when?.sees ?? null,
    waitMs: when?.waitMs ?? null,
    overlap: policy.overlap,
    group: policy.group,
    pauseAfter: policy.pauseAfterFailures,
    keepCount: retention.count,
    keepAgeMs: retention.ageMs,
  };
}
