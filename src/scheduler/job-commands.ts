import { z } from "zod";
import { CronduitError, isCronduitError } from "../core/errors.ts";
import type { Logger } from "../core/log.ts";
import type { PeoplesEngine } from "../engine/scoped/scoped-engine.ts";
import type { JobDefinition, StoredJob } from "../jobs/definition.ts";
import { parseOptions, revisionSchema } from "../jobs/options.ts";
import type { PipelineDescriptor } from "../pipeline/pipeline-definition.ts";
import type { Pipeline, PipelineConstructor } from "../pipeline/pipeline.ts";
import type { PipelineRegistry, Registrable } from "../pipeline/registry.ts";
import type { ParamsSchema } from "../pipeline/params-schema.ts";
import {
  type Declaration,
  type DeclarationContext,
  declare,
  refuseExhausted,
} from "./declaration.ts";
import type { ChangePlan } from "./change-plan.ts";
import { differencesOf } from "./differences.ts";
import { revisionIn } from "./if-revision.ts";
import {
  type JobPreview,
  type JobPreviewQuery,
  type JobToPreview,
  previewJob,
} from "./job-preview.ts";
import { modifyPlan } from "./job-changes.ts";
import { JobStore, type OnTimed } from "./job-store.ts";
import { OverrideCommands } from "./override-commands.ts";
import {
  declaredJob,
  pauseUnderOverrides,
  resumeUnderOverrides,
  underOverrides,
} from "./override-plans.ts";
import { pastDateNote } from "./past-dates.ts";
import {
  type PausedOccurrences,
  pausedOccurrences,
  readLimit,
  readPause,
  readResume,
  readUntil,
} from "./pauses.ts";
import type { Rights } from "./rights.ts";
import type { ChangeLog } from "./change-log.ts";
import { checkConditions } from "./condition-cycles.ts";

const removeSchema = z.strictObject({ ifRevision: revisionSchema.optional() });

/** A pipeline as callers name it. */
export type AnyPipelineReference = PipelineConstructor | Pipeline<ParamsSchema> | string;

/** Defaults for jobs that don't set them. */
export type ScheduleDefaults = Pick<DeclarationContext, "timezone" | "calendars" | "rules">;

/** What {@link JobCommands} needs. */
export interface JobCommandsParts {
  readonly engine: Pick<PeoplesEngine, "events" | "jobs" | "now">;
  readonly registry: PipelineRegistry;
  readonly logger: Logger;
  /** Logs what was done. */
  readonly changes: ChangeLog;
  readonly defaults: ScheduleDefaults;
  /** Who gives the commands, and what they may do. */
  readonly rights: Rights;
  /** Hears when something of a job changes by itself. */
  readonly onTimed?: OnTimed | undefined;
}

/** A job as callers give it. */
interface JobToAdd {
  readonly pipeline: AnyPipelineReference;
  readonly options: unknown;
}

/** The facade's commands on jobs: check, store, and keep the queue in step. */
export class JobCommands {
  readonly store: JobStore;
  readonly overrides: OverrideCommands;
  readonly #parts: JobCommandsParts;

  constructor(parts: JobCommandsParts) {
    this.#parts = parts;
    this.store = new JobStore(parts.engine, parts.rights.by, { onTimed: parts.onTimed });
    this.overrides = new OverrideCommands(parts, this.store);
  }

  get(jobId: string): Promise<StoredJob> {
    return this.store.get(jobId);
  }

  /** Checks all before storing any. @returns Their ids. */
  async add(jobs: readonly JobToAdd[]): Promise<string[]> {
    checkList(jobs);
    return (await this.#add(jobs)).ids;
  }

  /** In two round trips, unless the job has a condition, is over, or replaces another. @returns The job as stored. */
  async addOne(job: JobToAdd): Promise<StoredJob> {
    const { ids, stored } = await this.#add([job]);
    return stored ?? this.store.get(ids[0] ?? "");
  }

  async #add(
    jobs: readonly JobToAdd[],
  ): Promise<{ readonly ids: string[]; readonly stored: StoredJob | undefined }> {
    const described = jobs.map(({ pipeline, options }) => ({
      options,
      descriptor: this.describe(pipeline),
    }));
    const context = await this.#context();
    const declarations: Declaration[] = [];
    for (const { descriptor, options } of described) {
      declarations.push(await declare(descriptor, options, context));
    }
    const { logger } = this.#parts;
    const toStore = await this.#withoutExhausted(declarations);
    await this.#checkConditions(toStore.map(({ definition }) => definition));
    const { added, stored } = await this.store.add(toStore);
    this.#parts.changes.added(added);
    for (const { definition } of added) {
      const note = pastDateNote(definition, context.now);
      if (note !== undefined) logger.warn(note);
    }
    return { ids: declarations.map(({ definition }) => definition.id), stored };
  }

  async #context(): Promise<DeclarationContext> {
    const { engine, defaults, rights } = this.#parts;
    return { now: await engine.now(), ...defaults, rights };
  }

  /**
   * Checks jobs one by one as `add` does, but for their conditions and whether they are over, and stores none.
   * @returns For each its declaration, or why it is refused.
   */
  async declareEach(jobs: readonly JobToAdd[]): Promise<(Declaration | CronduitError)[]> {
    const context = await this.#context();
    const read: (Declaration | CronduitError)[] = [];
    for (const { pipeline, options } of jobs) {
      try {
        read.push(await declare(this.describe(pipeline), options, context));
      } catch (error) {
        if (!isCronduitError(error)) throw error;
        read.push(error);
      }
    }
    return read;
  }

  /** An exhausted job that is declared again at each boot, just as it is stored, stays unchanged. */
  async #withoutExhausted(declarations: readonly Declaration[]): Promise<readonly Declaration[]> {
    const spent = declarations.filter(({ isOver }) => isOver);
    if (spent.length === 0) return declarations;
    const stored = await this.#parts.engine.jobs.get(spent.map(({ definition }) => definition.id));
    for (const [i, declaration] of spent.entries())
      if (!isDeclaredAlike(stored[i], declaration)) refuseExhausted(declaration);
    return declarations.filter(({ isOver }) => !isOver);
  }

  async modify(jobId: string, changes: unknown, where: string): Promise<StoredJob> {
    const ifRevision = revisionIn(changes, where);
    const plan = async (job: StoredJob, now: number): Promise<ChangePlan> => {
      const { pipeline, timezone } = job.definition;
      const made = await modifyPlan(declaredJob(job), changes, this.#parts.registry.get(pipeline), {
        ...this.#parts.defaults,
        rights: this.#parts.rights,
        now,
        timezone,
        where,
      });
      const isPausing = (changes as { nextRunTime?: unknown }).nextRunTime === null;
      const planned = underOverrides(job, made, { isPausing, now });
      if (planned.definition) await this.#checkConditions([planned.definition]);
      return planned;
    };
    return this.#told("modified", await this.store.change(jobId, plan, ifRevision));
  }

  /** @param input A reason, or {@link PauseOptions}. */
  async pause(jobId: string, input?: unknown): Promise<StoredJob> {
    const how = readPause(input);
    return this.#told(
      "paused",
      await this.store.change(
        jobId,
        (job, now) =>
          pauseUnderOverrides(job, now, {
            reason: how.reason,
            until: readUntil(job, now, how.until, "pauseJob"),
          }),
        how.ifRevision,
      ),
    );
  }

  /** @param input {@link ResumeOptions} */
  async resume(jobId: string, input?: unknown): Promise<StoredJob> {
    const how = readResume(input);
    return this.#told(
      "resumed",
      await this.store.change(
        jobId,
        (job, now) => resumeUnderOverrides(job, now, how),
        how.ifRevision,
      ),
    );
  }

  /** What `addJob` would make of these options. */
  async preview(options: JobToPreview, query: JobPreviewQuery): Promise<JobPreview> {
    const now = await this.#parts.engine.now();
    return previewJob(options, query, { now, ...this.#parts.defaults });
  }

  /** What fell into a job's pause so far. */
  async pausedOccurrences(jobId: string, input?: unknown): Promise<PausedOccurrences> {
    const limit = readLimit(input);
    const job = await this.store.get(jobId);
    return pausedOccurrences(job, await this.#parts.engine.now(), limit);
  }

  async remove(jobId: string, options?: unknown): Promise<void> {
    const { ifRevision } = parseOptions(removeSchema, options ?? {}, "removeJob");
    await this.store.remove(jobId, undefined, ifRevision);
    this.#parts.changes.removed(jobId);
  }

  async #checkConditions(definitions: readonly JobDefinition[]): Promise<void> {
    const { engine, logger, rights } = this.#parts;
    await checkConditions(engine, logger, definitions, rights.sees);
  }

  #told(what: string, job: StoredJob): StoredJob {
    this.#parts.changes.changed(what, job);
    return job;
  }

  async removeAll(): Promise<number> {
    this.#parts.rights.requireWhole("remove all jobs");
    const count = await this.store.removeAll();
    this.#parts.changes.allRemoved(count);
    await this.#parts.engine.events.append([
      {
        name: "ALL_JOBS_REMOVED",
        at: await this.#parts.engine.now(),
        by: this.#parts.rights.by,
        count,
      },
    ]);
    return count;
  }

  /**
   * The registered pipeline; registers a class that isn't yet.
   * @throws {@link CronduitError} `UNKNOWN_PIPELINE`, `INVALID_PIPELINE`
   */
  describe(reference: AnyPipelineReference): PipelineDescriptor {
    const name = this.#parts.registry.nameOf(reference);
    return (
      this.#parts.registry.get(name) ?? this.#parts.registry.register(reference as Registrable)
    );
  }
}

function isDeclaredAlike(stored: StoredJob | undefined, declaration: Declaration): boolean {
  if (!stored) return false;
  const isEqual = stored.definition.declared.all === declaration.definition.declared.all;
  return isEqual || differencesOf(stored.definition, declaration).length === 0;
}

/** Untyped callers may pass anything. */
function checkList(jobs: unknown): void {
  const isList =
    Array.isArray(jobs) && jobs.every((job) => typeof job === "object" && job !== null);
  if (isList) return;
  throw new CronduitError("INVALID_OPTION", "addJobs: a list of { pipeline, options } is needed.", {
    data: { path: "jobs" },
  });
}
