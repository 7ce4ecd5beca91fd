import { expect, test } from "vitest";
import "../../src/pipeline/reflect.ts";
import { inject, injectable, injectAll, injectWithTransform } from "tsyringe";
import { CronduitError } from "../../src/core/errors.ts";
import { describePipeline } from "../../src/pipeline/pipeline-definition.ts";
import { createContainer, createRunContainer } from "../../src/pipeline/injection.ts";
import { Pipeline } from "../../src/pipeline/pipeline.ts";

class Pool {
  readonly rows = 3;
}
class Doubled {
  transform(rows: number, times: number): number {
    return rows * times;
  }
}

@injectable()
class Report extends Pipeline {
  readonly given: readonly unknown[];
  constructor(
    @inject("mailer") mailer: string,
    @inject(Pool) pool: Pool,
    @inject("absent", { isOptional: true }) absent: string | undefined,
    @injectAll("sink") sinks: readonly string[],
    @injectWithTransform("rows", Doubled, 2) rows: number,
  ) {
    super();
    this.given = [mailer, pool.rows, absent, sinks, rows];
  }
  run(): void {}
}

function build(pipeline: unknown): object {
  const parent = createContainer()
    .register("mailer", { useValue: "smtp" })
    .register("sink", { useValue: "a" })
    .register("sink", { useValue: "b" })
    .register("rows", { useValue: 21 });
  return createRunContainer(parent).create(describePipeline(pipeline));
}

function refusal(pipeline: unknown): string {
  try {
    describePipeline(pipeline);
  } catch (error) {
    if (error instanceof CronduitError) return `${error.code} ${error.message}`;
  }
  return "none";
}

/** What a compiler with emitDecoratorMetadata writes about a class; the test's own has not. */
function emitted(pipeline: object, ...types: readonly unknown[]): void {
  Reflect.defineMetadata("design:paramtypes", types, pipeline);
  injectable()(pipeline as typeof Report);
}

const EXPECTED = ["smtp", 3, undefined, ["a", "b"], 42];

test("a pipeline with tsyringe's decorators needs no deps", () => {
  expect(build(Report)).toHaveProperty("given", EXPECTED);
});

test("so does one that inherits such a constructor", () => {
  class Sub extends Report {}
  expect(build(Sub)).toHaveProperty("given", EXPECTED);
});

test("types that the compiler wrote down are taken", () => {
  class Emitted extends Pipeline {
    readonly pool: Pool;
    constructor(pool: Pool) {
      super();
      this.pool = pool;
    }
    run(): void {}
  }
  emitted(Emitted, Pool);
  expect(build(Emitted)).toHaveProperty("pool.rows", 3);
});

test("deps win over them", () => {
  class Listed extends Report {
    static override readonly deps = ["mailer", Pool, "mailer", "mailer", "mailer"];
  }
  expect(build(Listed)).toHaveProperty("given", ["smtp", 3, "smtp", "smtp", "smtp"]);
});

test("what tsyringe does not know is refused, with the parameter", () => {
  class Half extends Pipeline {
    constructor(@inject("mailer") _mailer: string, _rows: number) {
      super();
    }
    run(): void {}
  }
  expect(refusal(Half)).toMatch(
    /^INVALID_PIPELINE Parameter 2 of the constructor of pipeline "Half" has no token/,
  );
  class Interface extends Pipeline {
    constructor(_mailer: { send(): void }) {
      super();
    }
    run(): void {}
  }
  emitted(Interface, Object);
  expect(refusal(Interface)).toMatch(/^INVALID_PIPELINE Parameter 1 .* Add @inject\(token\)/);
});
