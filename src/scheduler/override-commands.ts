import { CronduitError } from "../core/errors.ts";
import type { OverrideMark, StoredJob } from "../jobs/definition.ts";
import { parseOptions } from "../jobs/options.ts";
import { untilOption } from "../jobs/until-option.ts";
import type { PipelineRegistry } from "../pipeline/registry.ts";
import type { ChangePlan } from "./change-plan.ts";
import type { DeclarationContext } from "./declaration.ts";
import { revisionIn } from "./if-revision.ts";
import { modifyPlan } from "./job-changes.ts";
import type { JobStore } from "./job-store.ts";
import { overrideSchema, partsSchema } from "./override-options.ts";
import type { Rights } from "./rights.ts";
import { splitOptions } from "./split-options.ts";
import { clearPlan, overridePlan, type OverrideValues } from "./override-plans.ts";

const WHERE = "overrideJob";

/** What {@link OverrideCommands} needs. */
export interface OverrideCommandsParts {
  readonly registry: Pick<PipelineRegistry, "get">;
  readonly defaults: Pick<DeclarationContext, "timezone" | "calendars" | "rules">;
  /** Who overrides, and what they may do. */
  readonly rights: Rights;
}

/** The facade's commands on what an operator overrides. */
export class OverrideCommands {
  readonly #parts: OverrideCommandsParts;
  readonly #store: JobStore;

  constructor(parts: OverrideCommandsParts, store: JobStore) {
    this.#parts = parts;
    this.#store = store;
  }

  /** @throws {@link CronduitError} `NOT_OVERRIDABLE`, and as `modifyJob` */
  async override(jobId: string, input: unknown): Promise<StoredJob> {
    const given = parseOptions(overrideSchema, input, WHERE);
    const plan = async (job: StoredJob, now: number): Promise<ChangePlan> => {
      const { timezone } = job.definition;
      this.#requireCommands(job, WHERE);
      const place = {
        where: WHERE,
        path: "until",
        timezone,
        now,
        bounds: "overrideJob.until",
      } as const;
      const until = given.until === undefined ? undefined : untilOption(given.until, place);
      const mark: OverrideMark = {
        by: this.#parts.rights.by,
        at: now,
        ...(until === undefined ? {} : { until }),
      };
      return overridePlan(job, await this.#values(job, given, now), mark, now);
    };
    return this.#store.change(jobId, plan, given.ifRevision);
  }

  /** The values as `modifyJob` would read them. */
  async #values(
    job: StoredJob,
    { paused, schedule, params }: ReturnType<typeof overrideSchema.parse>,
    now: number,
  ): Promise<OverrideValues> {
    const { registry, defaults, rights } = this.#parts;
    const { pipeline, timezone } = job.definition;
    if (schedule) refuseOtherThanTimes(schedule);
    const changes = { ...schedule, ...(params === undefined ? {} : { params }) };
    const context = { ...defaults, rights, now, timezone, where: WHERE };
    const { definition = job.definition } =
      Object.keys(changes).length === 0
        ? {}
        : await modifyPlan(job, changes, registry.get(pipeline), context);
    return {
      ...(paused && {
        paused: {
          reason: (paused === true ? undefined : paused.reason) ?? this.#parts.rights.by.note,
        },
      }),
      ...(schedule && { timing: definition }),
      ...(params !== undefined && { params: definition }),
    };
  }

  async clear(jobId: string, input: unknown, options?: unknown): Promise<StoredJob> {
    const parts = parseOptions(partsSchema, input, "clearOverride");
    const ifRevision = revisionIn(options, "clearOverride");
    const plan = (job: StoredJob, now: number): ChangePlan | undefined => {
      this.#requireCommands(job, "clearOverride");
      return clearPlan(job, parts, now);
    };
    return this.#store.change(jobId, plan, ifRevision);
  }

  /** Overriding and taking that back both change with what a job runs, and when. */
  #requireCommands({ definition }: StoredJob, where: string): void {
    const { registry, rights } = this.#parts;
    rights.requireCommands(registry.get(definition.pipeline), where);
  }
}

/** @throws {@link CronduitError} `INVALID_OPTION` for anything in `schedule` that does not say when. */
function refuseOtherThanTimes(schedule: object): void {
  const { job, trigger } = splitOptions(schedule, WHERE);
  const other = Object.keys(job).find((name) => name !== "nextRunTime");
  const path = other ?? (job["nextRunTime"] === null ? "nextRunTime" : undefined);
  if (path === undefined && (Object.keys(trigger).length > 0 || "nextRunTime" in job)) return;
  const what =
    path === undefined
      ? "says no schedule; write it as in rescheduleJob"
      : path === "nextRunTime"
        ? "nextRunTime: null would pause the job; write paused: true instead"
        : `"${path}" is no part of a schedule; change it by modifyJob`;
  throw new CronduitError("INVALID_OPTION", `${WHERE}, option "schedule": ${what}.`, {
    data: { path: path === undefined ? "schedule" : `schedule.${path}` },
  });
}
