import { describe, expect, test } from "vitest";
import { z } from "zod";
import { CronduitError } from "../../src/core/errors.ts";
import {
  definePipeline,
  describePipeline,
  pipeline,
  sourceOf,
} from "../../src/pipeline/pipeline-definition.ts";
import { isPipelineClass, Pipeline } from "../../src/pipeline/pipeline.ts";
import { PipelineRegistry } from "../../src/pipeline/registry.ts";

class Report extends Pipeline {
  run(): string {
    return "done";
  }
}

const coded = (code: string, message: RegExp): unknown =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as unknown });

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("name", () => {
  test("is the class's name when nothing else is said", () => {
    expect(describePipeline(Report).name).toBe("Report");
    expect(describePipeline(new Report()).name).toBe("Report");
  });

  test("is the static pipelineName before the class's name", () => {
    class Named extends Report {
      static override readonly pipelineName = "nightly-report";
    }
    expect(describePipeline(Named).name).toBe("nightly-report");
  });

  test("is the given name before the static one", () => {
    class Named extends Report {
      static override readonly pipelineName = "static";
    }
    definePipeline(Named, { name: "given" });
    expect(describePipeline(Named).name).toBe("given");
    expect(describePipeline(Named, { name: "here" }).name).toBe("here");
  });

  test("is not inherited, neither static nor given", () => {
    class Parent extends Report {
      static override readonly pipelineName: string = "parent";
    }
    class Child extends Parent {}
    expect(describePipeline(Child).name).toBe("Child");
    definePipeline(Parent, { name: "given" });
    expect(describePipeline(Child).name).toBe("Child");
  });

  test.each([
    ["an anonymous class", () => class extends Report {}],
    ["an anonymous default export", () => ({ default: class extends Report {} }).default],
    ["an empty name", () => definePipeline(class A extends Report {}, { name: " " })],
    ["a line break", () => definePipeline(class A extends Report {}, { name: "a\nb" })],
    ["half a surrogate pair", () => definePipeline(class A extends Report {}, { name: "\ud800" })],
    ["201 characters", () => definePipeline(class A extends Report {}, { name: "a".repeat(201) })],
  ])("%s is refused", (_what, make) => {
    expect(thrownBy(() => describePipeline(make()))).toEqual(coded("INVALID_PIPELINE", /name/));
  });

  test("may be given to an anonymous class", () => {
    const Anonymous = definePipeline(class extends Report {}, { name: "anonymous" });
    expect(describePipeline(Anonymous).name).toBe("anonymous");
  });
});

describe("decorator and plain function", () => {
  const params = z.object({ region: z.string() });

  test("say the same", () => {
    @pipeline({ name: "same", deps: ["db"] })
    class Decorated extends Pipeline.with(params) {
      readonly db: string;
      constructor(db: string) {
        super();
        this.db = db;
      }
      run(): void {
        return undefined;
      }
    }
    class Plain extends Pipeline<typeof params> {
      readonly db: string;
      constructor(db: string) {
        super();
        this.db = db;
      }
      run(): void {
        return undefined;
      }
    }
    definePipeline(Plain, { name: "same", params, deps: ["db"] });
    expect({ ...describePipeline(Decorated), pipeline: 0 }).toEqual({
      ...describePipeline(Plain),
      pipeline: 0,
    });
    expect(describePipeline(Decorated)).toEqual({
      name: "same",
      params,
      deps: ["db"],
      pipeline: Decorated,
    });
  });

  test("where a child process finds it: what was given, else the class's own module", () => {
    class Found extends Report {
      static override readonly module: string = "file:///app/found.js";
    }
    class Child extends Found {}
    expect(describePipeline(Found).source).toEqual({ module: "file:///app/found.js" });
    // It may stand in another module.
    expect(describePipeline(Child)).not.toHaveProperty("source");
    const source = { module: "file:///app/jobs.js", export: "child" };
    expect(describePipeline(definePipeline(Child, { source })).source).toEqual(source);
    expect(describePipeline(Found, { source }).source).toEqual(source);
    expect(sourceOf(describePipeline(Found, { source }))).toEqual(source);
    expect(thrownBy(() => sourceOf(describePipeline(Report)))).toEqual(
      coded("MISSING_MODULE", /import\.meta\.url/),
    );
    class Empty extends Report {
      static override readonly module: string = "";
    }
    expect(thrownBy(() => describePipeline(Empty))).toEqual(coded("INVALID_PIPELINE", /module/));
  });

  test("a decorator without options leaves everything to the class", () => {
    @pipeline()
    class Decorated extends Pipeline<typeof params> {
      static override readonly params = params;
      run(): void {
        return undefined;
      }
    }
    expect(describePipeline(Decorated)).toEqual({
      name: "Decorated",
      params,
      deps: [],
      pipeline: Decorated,
    });
  });

  test("a standard decorator's second argument changes nothing", () => {
    class Decorated extends Report {}
    const context = { kind: "class", name: "Decorated", metadata: {} };
    expect(pipeline({ name: "standard" })(Decorated, context)).toBeUndefined();
    expect(describePipeline(Decorated).name).toBe("standard");
  });

  test("schema and deps are inherited; the child's own win", () => {
    class Parent extends Pipeline<typeof params> {
      static override readonly params: z.ZodType = params;
      run(): void {
        return undefined;
      }
    }
    definePipeline(Parent, { deps: [] });
    class Child extends Parent {}
    class Other extends Parent {
      static override readonly params = z.object({ region: z.string(), extra: z.number() });
    }
    expect(describePipeline(Child).params).toBe(params);
    expect(describePipeline(Other).params).toBe(Other.params);
    const given = z.object({ region: z.literal("eu") });
    definePipeline(Other as typeof Parent, { params: given as unknown as typeof params });
    expect(describePipeline(Other).params).toBe(given);
  });
});

describe("what is no pipeline", () => {
  class NotAPipeline {
    run(): void {
      return undefined;
    }
  }
  abstract class WithoutRun extends Pipeline {}

  test.each([
    ["a class that only has run", NotAPipeline],
    ["an instance of it", new NotAPipeline()],
    ["Pipeline itself", Pipeline],
    ["a class without run", WithoutRun],
    ["a function", (): void => undefined],
    ["a number", 1],
    ["null", null],
    ["undefined", undefined],
    ["an object without prototype", Object.create(null)],
  ])("%s is refused with INVALID_PIPELINE", (_what, value) => {
    expect(isPipelineClass(value)).toBe(false);
    expect(thrownBy(() => describePipeline(value))).toEqual(
      coded("INVALID_PIPELINE", /[Ee]xtend Pipeline/),
    );
    expect(thrownBy(() => new PipelineRegistry().register(value as never))).toBeInstanceOf(
      CronduitError,
    );
  });

  test("a schema that is none, and deps that can't be, are refused", () => {
    const given = (options: object) => () => describePipeline(Report, options);
    expect(thrownBy(given({ params: { region: "string" } }))).toEqual(
      coded("INVALID_PIPELINE", /zod schema/),
    );
    expect(thrownBy(given({ deps: "db" }))).toEqual(coded("INVALID_PIPELINE", /not a list/));
    expect(thrownBy(given({ deps: ["db", undefined] }))).toEqual(
      coded("INVALID_PIPELINE", /Dependency 2 .* undefined/),
    );
  });

  test("a constructor that takes more than deps lists is refused", () => {
    class Needs extends Report {
      constructor(readonly: string) {
        super();
        void readonly;
      }
    }
    expect(thrownBy(() => describePipeline(Needs))).toEqual(
      coded("INVALID_PIPELINE", /takes 1 arguments, but deps lists 0/),
    );
  });
});

describe("registry", () => {
  test("finds by name, and lists in order of registration", () => {
    class Other extends Report {}
    const registry = new PipelineRegistry([Report, new Other()]);
    expect(registry.names()).toEqual(["Report", "Other"]);
    expect(registry.has("Other")).toBe(true);
    expect(registry.get("Other")?.pipeline).toBe(Other);
    expect(registry.get("Unknown")).toBeUndefined();
  });

  test("the same class twice is harmless", () => {
    const registry = new PipelineRegistry([Report, Report, new Report()]);
    expect(registry.names()).toEqual(["Report"]);
  });

  test("two classes of one name are refused", () => {
    const Twin = definePipeline(class extends Report {}, { name: "Report" });
    expect(thrownBy(() => new PipelineRegistry([Report, Twin]))).toEqual(
      coded("INVALID_PIPELINE", /"Report"/),
    );
  });

  test.each(["__proto__", "constructor", "toString", "hasOwnProperty"])(
    "%s is a name like any other",
    (name) => {
      const registry = new PipelineRegistry();
      expect(registry.has(name)).toBe(false);
      expect(registry.get(name)).toBeUndefined();
      registry.register({ pipeline: Report, name });
      expect(registry.get(name)?.pipeline).toBe(Report);
      expect(registry.names()).toEqual([name]);
    },
  );

  test("an entry gives a class another name", () => {
    const registry = new PipelineRegistry([{ pipeline: Report, name: "other" }]);
    expect(registry.names()).toEqual(["other"]);
    expect(registry.nameOf(Report)).toBe("other");
    registry.register(Report);
    expect(registry.nameOf(Report)).toBe("Report");
  });

  test("two registries know nothing of each other", () => {
    new PipelineRegistry().register(Report);
    expect(new PipelineRegistry().names()).toEqual([]);
  });

  test("nameOf takes a class, an instance or a registered name", () => {
    const registry = new PipelineRegistry([Report]);
    class Unregistered extends Report {}
    expect(registry.nameOf(Report)).toBe("Report");
    expect(registry.nameOf(new Report())).toBe("Report");
    expect(registry.nameOf("Report")).toBe("Report");
    expect(registry.nameOf(Unregistered)).toBe("Unregistered");
    expect(thrownBy(() => registry.nameOf("Unregistered"))).toEqual(
      coded("UNKNOWN_PIPELINE", /"Unregistered".*Known pipelines: Report/),
    );
    expect(thrownBy(() => new PipelineRegistry().nameOf("x"))).toEqual(
      coded("UNKNOWN_PIPELINE", /Pass its class in/),
    );
    expect(thrownBy(() => registry.nameOf(1 as never))).toEqual(
      coded("INVALID_PIPELINE", /^1 is not a pipeline/),
    );
  });
});
