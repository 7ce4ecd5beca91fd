import type { JobToAdd } from "../../scheduler/add-job-options.ts";
import type { DeclaredJob, Task } from "../jobs/declared-job.ts";

/** A job of a file as `addJobs` takes it: what a file does is a pipeline of `cronduit/tasks`, or one that was registered. */
export function asJob({ options, task }: Pick<DeclaredJob, "options" | "task">): JobToAdd {
  const { pipeline, params } = pipelineOf(task);
  // `addJobs` checks the options, as the reading of the file has; the cast only satisfies the compiler.
  return {
    pipeline,
    options: { ...options, ...(params && { params }), replaceExisting: true },
  } as unknown as JobToAdd;
}

function pipelineOf(task: Task): { pipeline: string; params?: Readonly<Record<string, unknown>> } {
  switch (task.type) {
    case "script": {
      const { interpreter, program, script, how } = task;
      const params = { ...how, interpreter, ...(program && { program }), script };
      return { pipeline: "script", params };
    }
    case "command": {
      const { type: _, how, ...params } = task;
      return { pipeline: "command", params: { ...how, ...params } };
    }
    case "pipeline":
      return { pipeline: task.name };
  }
}
