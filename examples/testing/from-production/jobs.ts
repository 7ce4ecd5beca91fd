// An application's jobs: each night an import in two steps, and a report on it.
import { Pipeline, type PipelineScheduler, when } from "cronduit";
import { z } from "zod";

export class Import extends Pipeline.with(z.object({ customer: z.string() })) {
  async run({ params, step, sleep }: this["Context"]) {
    await step(`ask for ${params.customer}`, () => console.log("asking for the export"));
    await sleep("90m");
    const rows = await step("load", () => 42);
    return { rows };
  }
}

export class Report extends Pipeline {
  run() {
    return "sent";
  }
}

export const pipelines = [Import, Report];

export async function declare(scheduler: PipelineScheduler): Promise<void> {
  const params = { customer: "Acme" };
  await scheduler.addJob(Import, { id: "import", trigger: "cron", hour: 1, params });
  await scheduler.addJob(Report, {
    id: "report",
    trigger: "cron",
    hour: 1,
    minute: 30,
    condition: when.lastRunSuccessful("import", { within: "1h" }),
    conditionPolicy: { wait: "3h" },
  });
}
