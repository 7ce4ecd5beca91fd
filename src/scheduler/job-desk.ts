import { randomInt } from "node:crypto";
import { CronduitError, JobLookupError } from "../core/errors.ts";
import type { Engine } from "../engine/engine.ts";
import type { StoredJob } from "../jobs/definition.ts";
import type { PipelineDescriptor } from "../pipeline/definition.ts";
import { validateParams } from "../pipeline/params.ts";
import type { Pipeline, PipelineClass } from "../pipeline/pipeline.ts";
import type { PipelineRegistry } from "../pipeline/registry.ts";
import type { ParamsSchema } from "../pipeline/schema.ts";
import { type Declaration, type DeclarationContext, declare } from "./declaration.ts";
import { modifyPlan, pausePlan, resumePlan } from "./job-changes.ts";
import { JobStore } from "./job-store.ts";

/** Random numbers that name manual runs; below the 15 digits that a queue job's id has room for. */
const MAX_SEQUENCE = 2 ** 47;
const MAX_REASON = 500;

/** A pipeline as callers name it. */
export type AnyPipelineReference =
  PipelineClass<never> | Pipeline<never> | PipelineClass | Pipeline<ParamsSchema> | string;

/** What holds for jobs that do not say otherwise. */
export type ScheduleDefaults = Pick<DeclarationContext, "timezone" | "calendars">;

/** Does what callers ask for with jobs: checks it, stores it, and keeps the queue in step. */
export class JobDesk {
  readonly #engine: Engine;
  readonly #registry: PipelineRegistry;
  readonly #store: JobStore;
  readonly #defaults: ScheduleDefaults;

  constructor(engine: Engine, registry: PipelineRegistry, defaults: ScheduleDefaults) {
    this.#engine = engine;
    this.#registry = registry;
    this.#store = new JobStore(engine);
    this.#defaults = defaults;
  }

  get(jobId: string): Promise<StoredJob> {
    return this.#store.get(jobId);
  }

  /** Checks all before any is stored; returns their ids. */
  async add(
    jobs: readonly { pipeline: AnyPipelineReference; options: unknown }[],
  ): Promise<string[]> {
    checkList(jobs);
    const described = jobs.map(({ pipeline, options }) => ({
      options,
      descriptor: this.#describe(pipeline),
    }));
    const context = { now: await this.#engine.now(), ...this.#defaults };
    const declarations: Declaration[] = [];
    for (const { descriptor, options } of described) {
      declarations.push(await declare(descriptor, options, context));
    }
    await this.#store.add(declarations);
    return declarations.map(({ definition }) => definition.id);
  }

  modify(jobId: string, changes: unknown, where: string): Promise<StoredJob> {
    return this.#store.change(jobId, (job, now) => {
      const { pipeline, timezone } = job.definition;
      return modifyPlan(job, changes, this.#registry.get(pipeline), {
        ...this.#defaults,
        now,
        timezone,
        where,
      });
    });
  }

  async pause(jobId: string, reason: string | undefined): Promise<StoredJob> {
    if (reason !== undefined && (typeof reason !== "string" || reason.length > MAX_REASON)) {
      throw new CronduitError(
        "INVALID_OPTION",
        `pauseJob, option "reason": must be a text of up to ${MAX_REASON} characters.`,
        { data: { path: "reason" } },
      );
    }
    return this.#store.change(jobId, (job, now) => pausePlan(job, now, reason));
  }

  resume(jobId: string): Promise<StoredJob> {
    return this.#store.change(jobId, (job, now) => resumePlan(job, now));
  }

  remove(jobId: string): Promise<void> {
    return this.#store.remove(jobId);
  }

  async removeAll(): Promise<number> {
    const count = await this.#store.removeAll();
    await this.#engine.appendEvents([
      { name: "ALL_JOBS_REMOVED", at: await this.#engine.now(), count },
    ]);
    return count;
  }

  /** Asks for a run now; returns its id. */
  async run(jobId: string, given: unknown): Promise<string> {
    let params: unknown;
    if (given !== undefined) {
      const job = await this.#store.get(jobId);
      params = (await validateParams(this.#describe(job.definition.pipeline), given)).input;
    }
    const sequence = randomInt(MAX_SEQUENCE);
    const requested = await this.#engine.requestRun({ jobId, sequence, params });
    if (requested === "missing") throw new JobLookupError(jobId);
    return requested.runId;
  }

  #describe(reference: AnyPipelineReference): PipelineDescriptor {
    const name = this.#registry.nameOf(reference);
    return this.#registry.get(name) ?? this.#registry.register(reference as PipelineClass);
  }
}

/** Callers without types may give anything. */
function checkList(jobs: unknown): void {
  const isList =
    Array.isArray(jobs) && jobs.every((job) => typeof job === "object" && job !== null);
  if (isList) return;
  throw new CronduitError("INVALID_OPTION", "addJobs: a list of { pipeline, options } is needed.", {
    data: { path: "jobs" },
  });
}
