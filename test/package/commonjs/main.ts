// A program as CommonJS, under compilers that know Node 16 only, and those that know that Node can require ES modules.
import {
  isCronduitError,
  type Job,
  Pipeline,
  PipelineScheduler,
  trigger,
  TriggerError,
} from "cronduit";
import { parseSchedule, TriggerError as SameError } from "cronduit/triggers";
import { z } from "zod";

const Params = z.object({ region: z.string() });

class NightlyReport extends Pipeline.with(Params) {
  override async run({ params }: this["Context"]): Promise<object> {
    return { success: true, region: params.region };
  }
}

// @ts-expect-error The region is a text.
const wrong: Parameters<NightlyReport["run"]>[0]["params"] = { region: 1 };

async function main(): Promise<object> {
  const scheduler = new PipelineScheduler({
    connection: process.env["REDIS_URL"] ?? "",
    prefix: `commonjs-${process.pid}-${process.hrtime.bigint()}`,
    pipelines: [NightlyReport],
  });
  const executed = new Promise<unknown>((resolve) => {
    scheduler.on("JOB_EXECUTED", ({ retval }) => resolve(retval));
  });
  await scheduler.start();
  const params = { region: "eu" };
  const job: Job = await scheduler.addJob(NightlyReport, {
    id: "nightly",
    params,
    trigger: trigger.or(trigger.cron("0 0 1 1 *"), parseSchedule("every 3 years")),
  });
  await scheduler.runJob(job.id);
  const retval = await executed;
  const error: unknown = await scheduler.removeJob("nobody").catch((thrown: unknown) => thrown);
  await scheduler.shutdown();
  // The same modules, however they were asked for.
  const imported = await import("cronduit");
  return {
    retval,
    refused: isCronduitError(error, "JOB_NOT_FOUND"),
    same: imported.Pipeline === Pipeline && SameError === TriggerError,
    wrong: wrong.region,
  };
}

void main().then((told) => console.log(JSON.stringify(told)));
