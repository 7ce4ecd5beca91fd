import { describe, expect, test } from "vitest";
import { definePipeline, describePipeline } from "../../src/pipeline/pipeline-definition.ts";
import {
  container as globalContainer,
  createContainer,
  createRunContainer,
  lazyToken,
  Lifecycle,
} from "../../src/pipeline/injection.ts";
import { Pipeline } from "../../src/pipeline/pipeline.ts";
import { createToken } from "../../src/pipeline/token.ts";

class Pool {
  disposed = 0;
  dispose(): void {
    this.disposed += 1;
  }
}
interface Mailer {
  send(text: string): string;
}
const MAILER = createToken<Mailer>("Mailer");
const mailer: Mailer = { send: (text) => `sent ${text}` };

class Report extends Pipeline {
  static override readonly deps = [Pool, MAILER] as const;
  readonly pool: Pool;
  readonly mailer: Mailer;
  constructor(pool: Pool, given: Mailer) {
    super();
    this.pool = pool;
    this.mailer = given;
  }
  run(): string {
    return this.mailer.send("report");
  }
}
const report = describePipeline(Report);

function containerWith(lifecycle: Lifecycle): ReturnType<typeof createContainer> {
  return createContainer()
    .register(Pool, { useClass: Pool }, { lifecycle })
    .register<Mailer>(MAILER, { useValue: mailer });
}

function build(parent: ReturnType<typeof createContainer>): {
  pipeline: Report;
  dispose: () => Promise<void>;
} {
  const run = createRunContainer(parent);
  return { pipeline: run.create(report) as Report, dispose: () => run.dispose() };
}

test("dependencies are given in the order of deps", async () => {
  const { pipeline, dispose } = build(containerWith(Lifecycle.Transient));
  expect(pipeline.pool).toBeInstanceOf(Pool);
  expect(pipeline.mailer).toBe(mailer);
  expect(pipeline.run()).toBe("sent report");
  await dispose();
});

test("tsyringe's global container is the parent if none is given", async () => {
  const SETTING = createToken<number>("setting");
  class Reader extends Pipeline {
    readonly setting: number;
    constructor(setting: number) {
      super();
      this.setting = setting;
    }
    run(): number {
      return this.setting;
    }
  }
  definePipeline(Reader, { deps: [SETTING] });
  globalContainer.register(SETTING, { useValue: 7 });
  await using run = createRunContainer();
  expect((run.create(describePipeline(Reader)) as Reader).run()).toBe(7);
});

test("a container of one's own sees the global one, and keeps its own registrations to itself", () => {
  const SHARED = createToken<string>("shared");
  const OWN = createToken<string>("own");
  globalContainer.register(SHARED, { useValue: "global" });
  const own = createContainer().register(OWN, { useValue: "own" });
  expect(own.resolve(SHARED as symbol)).toBe("global");
  expect(globalContainer.isRegistered(OWN as symbol)).toBe(false);
});

test("a delayed class resolves a circular import", async () => {
  class Late extends Pipeline {
    readonly pool: Pool;
    constructor(pool: Pool) {
      super();
      this.pool = pool;
    }
    run(): number {
      return this.pool.disposed;
    }
  }
  definePipeline(Late, { deps: [lazyToken(() => Pool)] });
  await using run = createRunContainer(createContainer());
  expect((run.create(describePipeline(Late)) as Late).run()).toBe(0);
});

describe("lifecycle", () => {
  test("each run has an instance of its own", async () => {
    const parent = containerWith(Lifecycle.Transient);
    const first = build(parent);
    const second = build(parent);
    expect(first.pipeline).not.toBe(second.pipeline);
    expect(first.pipeline.pool).not.toBe(second.pipeline.pool);
    await Promise.all([first.dispose(), second.dispose()]);
  });

  test("what a run is given is disposed of after it, once", async () => {
    const { pipeline, dispose } = build(containerWith(Lifecycle.Transient));
    expect(pipeline.pool.disposed).toBe(0);
    await dispose();
    await dispose();
    expect(pipeline.pool.disposed).toBe(1);
  });

  test("a container-scoped dependency is one per run", async () => {
    const parent = containerWith(Lifecycle.ContainerScoped);
    const run = createRunContainer(parent);
    const a = run.create(report) as Report;
    const b = run.create(report) as Report;
    const other = build(parent);
    expect(a.pool).toBe(b.pool);
    expect(other.pipeline.pool).not.toBe(a.pool);
    await run.dispose();
    expect([a.pool.disposed, other.pipeline.pool.disposed]).toEqual([1, 0]);
    await other.dispose();
  });

  test("a singleton outlives the run that happened to build it, and goes with its own container", async () => {
    const parent = containerWith(Lifecycle.Singleton);
    const first = build(parent);
    const { pool } = first.pipeline;
    await first.dispose();
    expect(pool.disposed).toBe(0);
    const second = build(parent);
    expect(second.pipeline.pool).toBe(pool);
    await second.dispose();
    expect(pool.disposed).toBe(0);
    await parent.dispose();
    expect(pool.disposed).toBe(1);
  });

  test("a value that was registered is not disposed of: it is not the run's", async () => {
    const pool = new Pool();
    const parent = createContainer()
      .register(Pool, { useValue: pool })
      .register<Mailer>(MAILER, { useValue: mailer });
    await build(parent).dispose();
    expect(pool.disposed).toBe(0);
  });

  test("a pipeline that can be disposed of is, before what it uses", async () => {
    const order: string[] = [];
    class Resource {
      dispose(): void {
        order.push("resource");
      }
    }
    class Closing extends Pipeline {
      static override readonly deps = [Resource] as const;
      constructor(_resource: Resource) {
        super();
      }
      run(): void {
        return undefined;
      }
      async dispose(): Promise<void> {
        await Promise.resolve();
        order.push("pipeline");
      }
    }
    const run = createRunContainer(createContainer());
    run.create(describePipeline(Closing));
    await run.dispose();
    expect(order).toEqual(["pipeline", "resource"]);
  });

  test("one that can't be disposed of does not keep the others", async () => {
    class Broken {
      dispose(): void {
        throw new Error("broken");
      }
    }
    class Both extends Pipeline {
      static override readonly deps = [Pool, Broken] as const;
      readonly pool: Pool;
      constructor(pool: Pool, _broken: Broken) {
        super();
        this.pool = pool;
      }
      run(): void {
        return undefined;
      }
    }
    const run = createRunContainer(createContainer());
    const both = run.create(describePipeline(Both)) as Both;
    await expect(run.dispose()).rejects.toThrow(/1 of a run's dependencies/);
    expect(both.pool.disposed).toBe(1);
  });
});

describe("errors", () => {
  test("a dependency that is not registered is named", async () => {
    await using run = createRunContainer(createContainer());
    expect(() => run.create(report)).toThrow(
      expect.objectContaining({
        code: "INVALID_PIPELINE",
        message: expect.stringMatching(
          /Dependency 2 of pipeline "Report" \(Mailer\) can't be resolved/,
        ) as unknown,
      }),
    );
  });

  test("what a constructor throws passes through", async () => {
    class Throws extends Pipeline {
      constructor() {
        super();
        throw new TypeError("no");
      }
      run(): void {
        return undefined;
      }
    }
    await using run = createRunContainer(createContainer());
    expect(() => run.create(describePipeline(Throws))).toThrow(TypeError);
  });
});
