// What users may write, and what the compiler must refuse: only `npm run typecheck` reads this.
import { expect, test } from "vitest";
import { z } from "zod";
import { Pipeline, type PipelineScheduler, type RunContext, trigger } from "../../src/index.ts";
const Params = z.object({ region: z.string(), n: z.number().default(1) });
const Opt = z.object({ n: z.number().default(1) });
class A extends Pipeline<typeof Params> {
  static override readonly params = Params;
  run({ params }: RunContext<typeof Params>) {
    return params.n + 1;
  }
}
class B extends Pipeline {
  run() {
    return 1;
  }
}
class C extends Pipeline<typeof Opt> {
  static override readonly params = Opt;
  run() {
    return 1;
  }
}
class D extends Pipeline {
  readonly #x: number;
  constructor(x: number) {
    super();
    this.#x = x;
  }
  run() {
    return this.#x;
  }
}
function usage(s: PipelineScheduler): void {
  void s.addJob(A, { trigger: "cron", hour: 1, params: { region: "eu" } });
  void s.addJob(new B(), { trigger: "interval", minutes: 1 });
  void s.addJob(B, { trigger: trigger.cron("* * * * *"), timezone: "UTC" });
  void s.addJob(C, { trigger: "date", runDate: new Date() });
  void s.addJob("A", { trigger: "date", runDate: "2030-01-01", params: { any: 1 } });
  void s.addJob("A", { trigger: "date", runDate: "2030-01-01" });
  void s.addJob(D, { trigger: "date", runDate: "2030-01-01" });
  void s.addJob(B, { trigger: "manual", nextRunTime: null });
  void s.addJob(B, { trigger: trigger.manual(), timezone: "UTC" });
  void s.rescheduleJob("x", { trigger: "manual" });
  void s.modifyJob("x", { trigger: trigger.manual() });
  // @ts-expect-error no first run without a schedule
  void s.addJob(B, { trigger: "manual", nextRunTime: new Date() });
  // @ts-expect-error no first run without a schedule
  void s.rescheduleJob("x", { trigger: trigger.manual(), nextRunTime: new Date() });
  // @ts-expect-error no times to spread
  void s.addJob(B, { trigger: "manual", jitter: "30s" });
  // @ts-expect-error a field of another trigger
  void s.addJob(B, { trigger: "manual", hour: 9 });
  // @ts-expect-error params missing
  void s.addJob(A, { trigger: "cron", hour: 1 });
  // @ts-expect-error wrong params
  void s.addJob(A, { trigger: "cron", hour: 1, params: { region: 1 } });
  // @ts-expect-error field of another trigger
  void s.addJob(B, { trigger: "interval", hour: 1 });
  // @ts-expect-error unknown trigger
  void s.addJob(B, { trigger: "sometimes" });
  // @ts-expect-error unknown option
  void s.addJob(B, { trigger: "cron", hour: 1, maxInstance: 1 });
  void s.addJobs([
    { pipeline: A, options: { trigger: "cron", hour: 1, params: { region: "eu" } } },
    { pipeline: B, options: { trigger: "interval", seconds: 1 } },
  ]);
  void s.modifyJob("x", { maxInstances: 2 });
  void s.modifyJob("x", { trigger: "cron", hour: 2, maxInstances: 2 });
  void s.rescheduleJob("x", { trigger: "interval", seconds: 2 });
}

test("the types of addJob are checked by the compiler", () => {
  expect(usage).toBeTypeOf("function");
});
