import type { z } from "zod";
import type { PipelineClass } from "../pipeline/pipeline.ts";
import { type CommandParams, commandTask } from "./command-task.ts";
import { type FunctionParams, functionTask } from "./function-task.ts";
import { type HttpParams, type HttpResult, httpTask } from "./http/http-task.ts";
import type { ProgramResult } from "./program/program-options.ts";
import { type ScriptParams, scriptTask } from "./script-task.ts";
import { resolveSettings, type TaskSettings } from "./task-settings.ts";

/** A pipeline that takes these params and leaves this result. */
export type Task<I, R> = PipelineClass<z.ZodType<unknown, I>, R>;

/** The tasks, each a pipeline with its key as its name. */
export interface Tasks {
  /** Runs a program, or a line of a shell. */
  readonly command: Task<CommandParams, Promise<ProgramResult>>;
  /** Runs a text by an interpreter. */
  readonly script: Task<ScriptParams, Promise<ProgramResult>>;
  /** Sends an HTTP request. */
  readonly http: Task<HttpParams, Promise<HttpResult>>;
  /** Calls a function that a module exports. */
  readonly function: Task<FunctionParams, unknown>;
}

/**
 * The pipelines that come with the package. Give them to every scheduler that adds such jobs, and to every worker that runs them.
 *
 * ```ts
 * const tasks = createTasks({ environment: process.env });
 * const scheduler = new PipelineScheduler({ pipelines: Object.values(tasks) });
 * await scheduler.addJob(tasks.command, {
 *   id: "sync",
 *   trigger: "interval",
 *   hours: 1,
 *   params: { command: ["rsync", "-a", "/data/", "backup:/data/"] },
 * });
 * ```
 *
 * @throws {@link CronduitError} `INVALID_OPTION`
 */
export function createTasks(settings: TaskSettings = {}): Tasks {
  const resolved = resolveSettings(settings);
  return {
    command: commandTask(resolved),
    script: scriptTask(resolved),
    http: httpTask(resolved),
    function: functionTask(resolved),
  };
}
