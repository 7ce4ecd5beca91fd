import { expectTypeOf, test } from "vitest";
import { z } from "zod";
import { definePipeline, pipeline } from "../../src/pipeline/pipeline-definition.ts";
import { lazyToken } from "../../src/pipeline/injection.ts";
import type { JsonValue } from "../../src/pipeline/json.ts";
import { Pipeline, type PipelineClass } from "../../src/pipeline/pipeline.ts";
import { PipelineRegistry } from "../../src/pipeline/registry.ts";
import type { RunContext } from "../../src/pipeline/run-context.ts";
import type { ParamsInput, ParamsSchema } from "../../src/pipeline/params-schema.ts";
import { createToken } from "../../src/pipeline/token.ts";

const Params = z.object({ region: z.string(), since: z.coerce.date().optional() });

class Database {
  readonly rows: number = 3;
}
interface Mailer {
  send(text: string): void;
}
const MAILER = createToken<Mailer>("Mailer");
const LIMIT = createToken<number>("limit");

class NightlyReport extends Pipeline<typeof Params> {
  static override readonly params = Params;
  async run({ params }: RunContext<typeof Params>): Promise<string> {
    return params.region;
  }
}
class WithoutParams extends Pipeline {
  run(): void {
    return undefined;
  }
}
class WithoutContext extends Pipeline.with(Params) {
  run(): void {
    return undefined;
  }
}
class Injected extends Pipeline {
  readonly mailer: Mailer;
  constructor(_database: Database, mailer: Mailer) {
    super();
    this.mailer = mailer;
  }
  run(): void {
    this.mailer.send("done");
  }
}

/** As `addJob` will be typed. */
function addJob<P extends ParamsSchema>(
  _target: PipelineClass<P> | Pipeline<P>,
  _params: ParamsInput<P>,
): P {
  throw new Error("only its type is used");
}

test("the context's params have the type that the schema gives", () => {
  expectTypeOf<RunContext<typeof Params>["params"]>().toEqualTypeOf<{
    region: string;
    since?: Date | undefined;
  }>();
  expectTypeOf<RunContext["params"]>().toEqualTypeOf<JsonValue | undefined>();
  expectTypeOf<Parameters<NightlyReport["run"]>[0]>().toEqualTypeOf<RunContext<typeof Params>>();
});

test("params that a job takes are inferred from a class and from an instance", () => {
  expectTypeOf(addJob<typeof Params>)
    .parameter(1)
    .toEqualTypeOf<z.input<typeof Params>>();
  const calls = (): void => {
    expectTypeOf(addJob(NightlyReport, { region: "eu" })).toEqualTypeOf<typeof Params>();
    expectTypeOf(addJob(new NightlyReport(), { region: "eu" })).toEqualTypeOf<typeof Params>();
    expectTypeOf(addJob(WithoutContext, { region: "eu" })).toEqualTypeOf<typeof Params>();
    expectTypeOf(addJob(WithoutParams, { any: ["json", 1] })).toEqualTypeOf<undefined>();
    expectTypeOf(addJob(Injected, undefined)).toEqualTypeOf<undefined>();
    // @ts-expect-error -- the schema wants a string
    addJob(NightlyReport, { region: 1 });
    // @ts-expect-error -- the schema wants a region
    addJob(NightlyReport, {});
    // @ts-expect-error -- a function is not JSON
    addJob(WithoutParams, { callback: () => 1 });
  };
  expectTypeOf(calls).toBeFunction();
});

test("deps are checked against the constructor", () => {
  const calls = (): void => {
    definePipeline(Injected, { deps: [Database, MAILER] });
    definePipeline(Injected, { deps: [lazyToken(() => Database), MAILER] });
    definePipeline(Injected, { name: "named", deps: ["database", Symbol("mailer")] });
    definePipeline(WithoutParams, { name: "plain" });
    pipeline({ deps: [Database, MAILER] })(Injected);
    // @ts-expect-error -- in the wrong order
    definePipeline(Injected, { deps: [MAILER, Database] });
    // @ts-expect-error -- a number is no Mailer
    definePipeline(Injected, { deps: [Database, LIMIT] });
    // @ts-expect-error -- one is missing
    definePipeline(Injected, { deps: [Database] });
    // @ts-expect-error -- one too many
    definePipeline(Injected, { deps: [Database, MAILER, LIMIT] });
    // @ts-expect-error -- none given, two needed
    definePipeline(Injected, { name: "none" });
    // @ts-expect-error -- in the wrong order
    pipeline({ deps: [MAILER, Database] })(Injected);
  };
  expectTypeOf(calls).toBeFunction();
});

test("static deps are checked where the class is decorated", () => {
  class Fits extends Injected {
    static override readonly deps = [Database, MAILER] as const;
  }
  class Misfits extends Injected {
    static override readonly deps = [MAILER, Database] as const;
  }
  const calls = (): void => {
    definePipeline(Fits, { name: "fits" });
    // @ts-expect-error -- in the wrong order
    definePipeline(Misfits, { name: "misfits" });
    new PipelineRegistry([Fits]).register(Fits);
  };
  expectTypeOf(calls).toBeFunction();
});

test("a step gives what its function gives, and a class may say how it is retried and where it is", () => {
  class Stepping extends Pipeline {
    static override readonly module = import.meta.url;
    static override retryOn(error: unknown): boolean {
      return error instanceof TypeError;
    }
    async run({ step, interval, sleep }: RunContext): Promise<void> {
      expectTypeOf(await step("rows", () => [1, 2])).toEqualTypeOf<number[]>();
      expectTypeOf(await step("later", async ({ number }) => ({ number }))).toEqualTypeOf<{
        number: number;
      }>();
      const retries = { attempts: 3, delay: "5s" } as const;
      expectTypeOf(await step("none", () => undefined, { retries })).toEqualTypeOf<undefined>();
      expectTypeOf(interval.start).toEqualTypeOf<Date>();
      // @ts-expect-error -- a step needs a name
      await step(() => 1);
      // @ts-expect-error -- no such option
      await step("a", () => 1, { retry: 3 });
      await sleep("1h", { name: "nap" });
    }
  }
  class Asking extends Pipeline {
    static override async retryOn(): Promise<boolean> {
      return false;
    }
    run(): void {
      return undefined;
    }
  }
  expectTypeOf<typeof Stepping>().toExtend<PipelineClass>();
  expectTypeOf<typeof Asking>().toExtend<PipelineClass>();
});

test("params given in options must be those that the class is written for", () => {
  const Other = z.object({ other: z.number() });
  const calls = (): void => {
    definePipeline(NightlyReport, { params: Params });
    // @ts-expect-error -- another schema
    definePipeline(NightlyReport, { params: Other });
    // @ts-expect-error -- the class was written for no schema
    definePipeline(WithoutParams, { params: Params });
    // @ts-expect-error -- a decorator can't tell the compiler of a schema: it stands in the class
    pipeline({ params: Params })(NightlyReport);
    // @ts-expect-error -- not a pipeline
    definePipeline(Database, {});
  };
  expectTypeOf(calls).toBeFunction();
});

test("decorators are typed in place", () => {
  @pipeline({ name: "decorated", deps: [Database, MAILER] })
  class Decorated extends Pipeline.with(Params) {
    readonly mailer: Mailer;
    constructor(_database: Database, mailer: Mailer) {
      super();
      this.mailer = mailer;
    }
    run({ params }: RunContext<typeof Params>): string {
      return params.region;
    }
  }
  // @ts-expect-error -- it is typed by a schema that it does not have
  @pipeline({ name: "forgotten" })
  class Forgotten extends Pipeline<typeof Params> {
    run(): void {
      return undefined;
    }
  }
  expectTypeOf<typeof Forgotten>().not.toExtend<PipelineClass>();
  // @ts-expect-error -- in the wrong order
  @pipeline({ deps: [MAILER, Database] })
  class Swapped extends Injected {}

  expectTypeOf<typeof Decorated>().toExtend<PipelineClass<typeof Params>>();
  expectTypeOf<typeof Swapped>().toExtend<PipelineClass>();
});
