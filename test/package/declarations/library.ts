// A library of pipelines that publishes its types: what it exports, inferred, must have names that its users can reach.
import {
  after,
  and,
  at,
  createRunContainer,
  createToken,
  cron,
  defineJob,
  definePipeline,
  describePipeline,
  every,
  Pipeline,
  PipelineScheduler,
  type RunContext,
  validateParams,
} from "cronduit";
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
  nightly: { ...cron("0 9 * * *"), timezone: "UTC" },
  both: and(every({ minutes: 1 }), at(new Date())),
  condition: after.ok("job"),
};
export const made = () => createRunContainer();
export const valid = async (given: unknown) => validateParams(describePipeline(Anonymous), given);
export const looks = async (scheduler: PipelineScheduler) => ({
  job: await scheduler.getJob("job"),
  runs: await scheduler.getRuns("job"),
  explanation: await scheduler.explain("job", new Date()),
  state: scheduler.exportState(),
});
export const scheduler = () => new PipelineScheduler({ pipelines: [Anonymous] });
