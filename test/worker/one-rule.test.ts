import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { createContainer, defineJob, Pipeline, type RunContext } from "../../src/index.ts";
import { describeError } from "../../src/pipeline/outcome.ts";
import { compiledUrl, startCompiledChildren } from "../helpers/compiled-path.ts";
import { Amount, Bare, Isolated, pay } from "./isolated-pipelines.ts";
import { onEachEngine, TestScheduler } from "./test-scheduler.ts";

const LIMIT_S = 60;
const LONG = { timeout: 90_000 };
startCompiledChildren();

class Broken {
  dispose(): void {
    throw new RangeError("the socket is closed already");
  }
}

class WithBroken extends Pipeline {
  static override readonly deps = [Broken];
  readonly broken: Broken;
  constructor(broken: Broken) {
    super();
    this.broken = broken;
  }
  run({ attempt }: RunContext): number {
    return attempt;
  }
}

const remote = defineJob({
  name: "remote",
  params: Amount,
  module: fileURLToPath(compiledUrl(new URL("./isolated-pipelines.ts", import.meta.url).href)),
  export: "work",
});

onEachEngine((connection) => {
  let fleet: TestScheduler;
  let jobs = 0;
  beforeAll(async () => {
    fleet = await TestScheduler.open(connection(), {
      container: createContainer(),
      pipelines: [
        Isolated,
        WithBroken,
        pay,
        remote,
        { pipeline: Bare, params: z.object({ n: z.string().transform(Number) }) },
      ],
    });
  }, 60_000);
  afterAll(() => fleet[Symbol.asyncDispose]());

  async function run(pipeline: string, params: object | undefined, options: object = {}) {
    const id = `rule-${(jobs += 1)}`;
    await fleet.scheduler.addJob(pipeline, {
      id,
      trigger: "date",
      runDate: "2090-01-01",
      ...(params === undefined ? {} : { params }),
      ...options,
    } as never);
    return fleet.scheduler.runJob(id, { wait: LIMIT_S });
  }

  const isolate = { isolate: "process", retry: { attempts: 3, delay: "10ms" } };
  const nowhere = { file: "/dev/null" };

  test.for(["uncaught-final", "unhandled-final"])(
    "isolated, retryOn is asked of what is %s, as of what run throws",
    LONG,
    async (act) => {
      const ended = await run("Isolated", { act, ...nowhere }, isolate);
      expect(ended).toMatchObject({
        verdict: "failed",
        attempt: 1,
        error: {
          name: "RangeError",
          message: expect.stringMatching("of no use, from a") as unknown,
        },
      });
    },
  );

  test("isolated, params are what the schema makes of them, classes too", LONG, async () => {
    expect(await run("pay", { amount: 250 }, isolate)).toMatchObject({
      verdict: "succeeded",
      result: "2.5 EUR",
    });
    expect(await run("Bare", { n: "7" }, isolate)).toMatchObject({
      verdict: "succeeded",
      result: { n: 7 },
    });
  });

  test(
    "isolated, an instance of a class that would lose it on the way is refused",
    LONG,
    async () => {
      expect(await run("remote", { amount: 250 }, isolate)).toMatchObject({
        verdict: "failed",
        attempt: 1,
        error: {
          code: "INVALID_PARAMS",
          message: expect.stringMatching(/amount.*Money.*defineJob/) as unknown,
        },
      });
    },
  );

  test("a dependency that can't be disposed of changes no result", LONG, async () => {
    const ended = await run("WithBroken", undefined, { retry: { attempts: 3, delay: "10ms" } });
    expect(ended).toMatchObject({ verdict: "succeeded", attempt: 1, result: 1 });
    const { lines } = await fleet.scheduler.getLogs(ended.id);
    expect(lines).toMatchObject([
      { level: "error", message: "1 of a run's dependencies could not be disposed of" },
    ]);
    expect(JSON.stringify(lines[0]?.fields)).toContain("the socket is closed already");
  });

  test("many steps at once warn of no leak, isolated or not", LONG, async () => {
    const warnings: Error[] = [];
    const hear = (warning: Error): void => void warnings.push(warning);
    process.on("warning", hear);
    const many = Array.from({ length: 30 }, (_, i) => i);
    await fleet.run(async ({ step, sleep, signal }) => {
      await Promise.all(many.map((i) => step(`s${i}`, ({ signal: own }) => wait(own))));
      await Promise.all(many.map((i) => sleep("10ms", { name: `w${i}` })));
      await Promise.all(many.map(() => wait(signal)));
      await step("inner", ({ signal: own }) => Promise.all(many.map(() => wait(own))));
    });
    const { id } = await run("Isolated", { act: "many-steps", ...nowhere }, isolate);
    process.off("warning", hear);
    expect(warnings.filter(({ name }) => name.startsWith("MaxListeners"))).toEqual([]);
    expect(await fleet.lines(id)).toEqual([]);
  });
});

/** Waits as a library does that takes a signal. */
function wait(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
    setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, 10);
  });
}

describe("the name of an error", () => {
  class PaymentError extends Error {}
  class CardError extends PaymentError {}
  class Named extends Error {
    override readonly name = "ByItself";
  }
  class OfPrototype extends Error {}
  OfPrototype.prototype.name = "ByPrototype";
  test.for<[unknown, string]>([
    [new PaymentError("no"), "PaymentError"],
    [new CardError("no"), "CardError"],
    [new Named("no"), "ByItself"],
    [new OfPrototype("no"), "ByPrototype"],
    [new TypeError("no"), "TypeError"],
    [new Error("no"), "Error"],
    [new (class extends Error {})("no"), "Error"],
    [Object.assign(new PaymentError("no"), { name: "Given" }), "Given"],
    [new DOMException("no", "AbortError"), "AbortError"],
    [Object.assign(Object.create(null) as object, { message: "bare" }), "Error"],
  ])("%s is %s", ([thrown, name]) => {
    expect(describeError(thrown)).toMatchObject({ name });
    expect(describeError(thrown).stack.startsWith(`${name}: `)).toBe(true);
  });
});
