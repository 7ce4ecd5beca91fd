import { expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import {
  createToken,
  definePipeline,
  describePipeline,
  lineLogger,
  Pipeline,
  type PipelineClass,
  PipelineScheduler,
  PipelineWorker,
  type RunContext,
} from "../../src/index.ts";
import { createRunContainer } from "../../src/pipeline/injection.ts";
import type { JsonValue } from "../../src/pipeline/json.ts";

const logger = lineLogger("error");
const once = { trigger: "date", runDate: "2999-01-01" } as const;
const Region = z.object({ region: z.string(), top: z.number().default(10) });

class NightlyReport extends Pipeline.with(Region) {
  async run({ params, step }: this["Context"]) {
    expectTypeOf(params.region).toEqualTypeOf<string>();
    expectTypeOf(params.top).toEqualTypeOf<number>();
    // @ts-expect-error -- the schema knows no such field
    void params.regoin;
    const rows = await step("rows", () => [params.region, params.top]);
    expectTypeOf(rows).toEqualTypeOf<(string | number)[]>();
    return { rows };
  }
}

test("a schema that is named once types run, is carried to the scheduler, and is checked there", async () => {
  expectTypeOf<NightlyReport["Context"]>().toEqualTypeOf<RunContext<typeof Region>>();
  expectTypeOf<typeof NightlyReport>().toExtend<PipelineClass<typeof Region>>();
  expect(describePipeline(NightlyReport)).toMatchObject({ name: "NightlyReport", params: Region });
  await using scheduler = new PipelineScheduler({ pipelines: [NightlyReport], logger });
  await scheduler.start();
  const job = await scheduler.addJob(NightlyReport, { ...once, params: { region: "eu" } });
  expect(await job.run({ wait: "30s" })).toMatchObject({
    verdict: "succeeded",
    result: { rows: ["eu", 10] },
  });
  const wrong = { ...once, params: { region: 1 } };
  // @ts-expect-error -- the schema wants a text
  const refused = scheduler.addJob(NightlyReport, wrong);
  await expect(refused).rejects.toMatchObject({ code: "INVALID_PARAMS" });
});

test("what carries the type is no field at run time, and is there for every form", async () => {
  class ByStatic extends Pipeline<typeof Region> {
    static override readonly params = Region;
    run({ params }: this["Context"]): string {
      return params.region;
    }
  }
  class Plain extends Pipeline {
    run({ params }: this["Context"]): JsonValue | undefined {
      return params;
    }
  }
  for (const made of [new NightlyReport(), new ByStatic(), new Plain()])
    expect(["Context" in made, "~params" in made, Object.keys(made)]).toEqual([false, false, []]);
  expectTypeOf<Plain["Context"]>().toEqualTypeOf<RunContext>();
});

test("it goes with deps, other static fields, definePipeline and subclasses", async () => {
  const MAILER = createToken<{ send(text: string): string }>("Mailer");
  class Mailing extends Pipeline.with(Region) {
    static override readonly pipelineName = "mailing";
    static override readonly deps = [MAILER] as const;
    readonly #mailer: { send(text: string): string };
    constructor(mailer: { send(text: string): string }) {
      super();
      this.#mailer = mailer;
    }
    run({ params }: this["Context"]): string {
      return this.#mailer.send(params.region);
    }
  }
  class Sub extends Mailing {
    override run(context: this["Context"]): string {
      return `${super.run(context)}!`;
    }
  }
  definePipeline(Sub, { name: "sub", deps: [MAILER] });
  expect(describePipeline(Mailing)).toMatchObject({ name: "mailing", params: Region });
  expect(describePipeline(Sub)).toMatchObject({ name: "sub", params: Region });
  await using run = createRunContainer();
  run.container.register(MAILER, { useValue: { send: (text: string) => `sent ${text}` } });
  const instance = run.create(describePipeline(Sub)) as Sub;
  expect(instance.run({ params: { region: "eu", top: 1 } } as Sub["Context"])).toBe("sent eu!");
});

test("what is no schema is refused, and so is with() of a class that has its own run", () => {
  expect(() => Pipeline.with({ region: z.string() } as never)).toThrow(
    expect.objectContaining({
      code: "INVALID_PIPELINE",
      message: expect.stringContaining("z.object({ region })"),
    }),
  );
  expect(() => Pipeline.with(undefined as never)).toThrow("a zod schema");
  class Plain extends Pipeline {
    run(): void {}
  }
  expect(() => Plain.with(Region)).toThrow("Pipeline.with");
  // @ts-expect-error -- a base without run is no pipeline yet
  expect(() => new PipelineScheduler({ pipelines: [Pipeline.with(Region)], logger })).toThrow(
    "run method",
  );
});

test("a class that is typed by a schema that it does not have is refused by the compiler at each door", () => {
  class Forgotten extends Pipeline<typeof Region> {
    run({ params }: RunContext<typeof Region>): string {
      return params.region;
    }
  }
  const calls = async (scheduler: PipelineScheduler): Promise<void> => {
    const options = { ...once, params: { region: "eu" } };
    // @ts-expect-error -- nothing would check the params
    await scheduler.addJob(Forgotten, options);
    // @ts-expect-error -- nothing would check the params
    await scheduler.schedule("every 24 hours", Forgotten, { region: "eu" });
    // @ts-expect-error -- nothing would check the params
    await scheduler.addJobs([{ pipeline: Forgotten, options }]);
    // @ts-expect-error -- nothing would check the params
    void new PipelineScheduler({ pipelines: [Forgotten] });
    // @ts-expect-error -- nothing would check the params
    void new PipelineWorker({ connection: "redis://127.0.0.1", pipelines: [Forgotten] });
    // @ts-expect-error -- nothing would check the params
    definePipeline(Forgotten, { name: "forgotten" });
    // What was forgotten is given with it.
    const given = definePipeline(Forgotten, { params: Region });
    await scheduler.addJob(given, options);
    void new PipelineScheduler({ pipelines: [given, { pipeline: Forgotten, params: Region }] });
  };
  expect(calls).toBeTypeOf("function");
});
