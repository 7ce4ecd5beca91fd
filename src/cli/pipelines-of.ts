import type { PipelineClass } from "../pipeline/pipeline.ts";
import { createTasks } from "../tasks/create-tasks.ts";
import type { Io } from "./io.ts";
import { loadPipelines } from "./pipelines/load-pipelines.ts";
import type { SettingsRead } from "./settings.ts";

/** The pipelines that this process knows: the tasks that come with cronduit, and those of `--pipelines`. */
export async function pipelinesOf(
  { values }: SettingsRead,
  { env, cwd }: Pick<Io, "env" | "cwd">,
): Promise<PipelineClass[]> {
  const { pipelines = [], taskInherit, taskSecrets, taskHttpHosts } = values;
  const tasks = createTasks({
    environment: env,
    inherit: taskInherit,
    secrets: taskSecrets,
    http: { allow: taskHttpHosts },
  });
  const besides = Object.values(tasks) as PipelineClass[];
  return [...besides, ...(await loadPipelines(pipelines, { cwd, besides }))];
}
