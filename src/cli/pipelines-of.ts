import type { PipelineClass } from "../pipeline/pipeline.ts";
import { createTasks } from "../tasks/create-tasks.ts";
import type { Io } from "./io.ts";
import type { SettingsRead } from "./settings.ts";

/** The pipelines that this process knows: the tasks that come with cronduit. */
export async function pipelinesOf(
  { values }: SettingsRead,
  { env }: Pick<Io, "env">,
): Promise<PipelineClass[]> {
  const { taskInherit, taskSecrets, taskHttpHosts } = values;
  const tasks = createTasks({
    environment: env,
    inherit: taskInherit,
    secrets: taskSecrets,
    http: { allow: taskHttpHosts },
  });
  return Object.values(tasks) as PipelineClass[];
}
