// A library of pipelines that publishes its types: its users must be able to name every inferred type.
import {
  createToken,
  defineJob,
  definePipeline,
  describePipeline,
  Pipeline,
  type PipelineClass,
  type PipelineReference,
  PipelineScheduler,
  type RunContext,
  trigger,
  when,
} from "cronduit";
import {
  createTrigger,
  parseCondition,
  parseSchedule,
  previewTrigger,
  resolveTrigger,
} from "cronduit/triggers";
import { z } from "zod";

const Params = z.object({ region: z.string() });

export function reportFor(region: string) {
  return class Report extends Pipeline<typeof Params> {
    static override readonly params = Params;
    override async run({ params }: RunContext<typeof Params>) {
      return { success: true, region, of: params.region };
    }
  };
}
export class Nightly extends Pipeline.with(Params) {
  static override readonly module: string = "file:///nightly.js";
  override async run({ params, step }: this["Context"]) {
    return step("region", () => ({ region: params.region }));
  }
}
export function titled(title: string) {
  return class Titled extends Pipeline.with(z.object({ to: z.string() })) {
    override run({ params }: this["Context"]) {
      return `${title} ${params.to}`;
    }
  };
}
export const base = Pipeline.with(Params);
export const given = definePipeline(
  class extends Pipeline<typeof Params> {
    override run(): void {}
  },
  { name: "given", params: Params },
);
export const added = async (scheduler: PipelineScheduler) =>
  scheduler.addJob(Nightly, { trigger: "cron", hour: 1, params: { region: "eu" } });
export const ran = async (scheduler: PipelineScheduler) => ({
  run: await (await added(scheduler)).run({ wait: true }),
  named: await scheduler.runJob<typeof job>("job", { wait: true }),
  all: await scheduler.getRuns<InstanceType<ReturnType<typeof reportFor>>>("report"),
});
export const addedTo = async <R>(scheduler: PipelineScheduler, of: PipelineClass<undefined, R>) =>
  (await scheduler.schedule("every 24 hours", of)).run({ wait: true });
export const runsOf = async <R extends PipelineReference>(
  scheduler: PipelineScheduler,
  id: string,
) => scheduler.getRuns<R>(id);
export function plain() {
  return class extends Pipeline {
    override run(): void {}
  };
}
export const Anonymous = class extends Pipeline {
  override run(): void {}
};
export const defined = definePipeline(
  class extends Pipeline {
    override run(): void {}
  },
  { name: "defined" },
);
export const mixed = <C extends abstract new (...args: any[]) => Pipeline>(base: C) => {
  abstract class Mixed extends base {
    mixed = true;
  }
  return Mixed;
};
export const job = defineJob({ name: "job", params: Params, run: ({ params }) => params.region });
export const MAILER = createToken<{ send(): void }>("Mailer");
export const deps = [MAILER, plain] as const;
export const triggers = {
  nightly: { ...trigger.cron("0 9 * * *"), timezone: "UTC" },
  both: trigger.and(trigger.every({ minutes: 1 }), trigger.at(new Date())),
  condition: when.lastRunSuccessful("job"),
};
export const described = () => describePipeline(Anonymous);
export const preview = () => previewTrigger(triggers.nightly, { from: 0 });
export const spec = (text: string) =>
  resolveTrigger(parseSchedule(text), { timezone: "UTC", now: 0, jobId: "job" });
export const fires = (text: string) => createTrigger(spec(text));
export const condition = (text: string) => parseCondition(text);
export const looks = async (scheduler: PipelineScheduler) => ({
  job: await scheduler.getJob("job"),
  runs: await scheduler.getRuns("job"),
  run: await scheduler.runJob("job", { wait: true }),
  backfill: await scheduler.getBackfill("job"),
  logs: await scheduler.getLogs("run"),
  lines: scheduler.followLogs("run"),
  steps: await scheduler.getSteps("run"),
  all: await scheduler.getJobs(),
  workers: await scheduler.getWorkers(),
  health: await scheduler.health(),
  imported: await scheduler.importState(""),
  explanation: await scheduler.explain("job", new Date()),
  state: scheduler.exportState(),
});
export const scheduler = () => new PipelineScheduler({ pipelines: [Anonymous] });
