// A wrong mask, name or option is refused: a listener that hears nothing, or everything, is noticed late.
import { afterAll, describe, expect, test } from "vitest";
import {
  CronduitError,
  EVENT_ALL,
  EVENT_ALL_JOBS_REMOVED,
  EVENT_JOB_ERROR,
  type ListenerOptions,
  PipelineScheduler,
} from "../../src/index.ts";
import { EVENT_BITS } from "../../src/jobs/event.ts";

const scheduler = new PipelineScheduler({ worker: false });
afterAll(() => scheduler.shutdown());

const handler = (): void => undefined;
const untyped = scheduler as unknown as {
  addListener: (...given: unknown[]) => void;
  on: (...given: unknown[]) => void;
};

function refusal(call: () => void): CronduitError {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(CronduitError);
    expect(error).toMatchObject({ code: "INVALID_OPTION" });
    return error as CronduitError;
  }
  throw new Error("it was accepted");
}

describe("a mask", () => {
  test.each([
    ["undefined, as of a constant that doesn't exist", undefined, "undefined is not"],
    ["a missing constant beside one", Number(undefined) | 0, "0 is not"],
    ["null", null, "null is not"],
    ["no bits", 0, "0 is not"],
    ["a bit that no event has", 16, "16 is not"],
    ["such a bit beside another", EVENT_JOB_ERROR | 64, "8256 is not"],
    ["a negative number", ~EVENT_JOB_ERROR, "-8193 is not"],
    ["half a bit", 1.5, "1.5 is not"],
    ["a bit above all", 2 ** 31, "2147483648 is not"],
    ["NaN", Number.NaN, "NaN is not"],
    ["a name", "JOB_ERROR", 'on("JOB_ERROR", handler)'],
    ["a list", [EVENT_JOB_ERROR], "a list of 1 is not"],
    ["options", { name: "mailer" }, "addListener(handler, EVENT_ALL, "],
  ])("is refused: %s", (_, mask, text) => {
    const { message, data } = refusal(() => untyped.addListener(handler, mask));
    expect(message).toMatch(/^addListener, mask: /);
    expect(message).toContain(text);
    expect(data).toMatchObject({ path: "mask" });
  });

  test("is accepted: every event's bit, all of them, all but one", () => {
    const bits = Object.values(EVENT_BITS);
    for (const mask of [...bits, EVENT_ALL, EVENT_ALL & ~EVENT_ALL_JOBS_REMOVED]) {
      expect(() => scheduler.addListener(handler, mask)).not.toThrow();
    }
    expect(() => scheduler.addListener(handler)).not.toThrow();
    scheduler.removeListener(handler);
  });

  test("may be left out, but not undefined, by its type too", () => {
    // @ts-expect-error a mask that isn't there
    expect(() => scheduler.addListener(handler, undefined)).toThrow(/Leave it out/);
  });
});

describe.each<[string, (options: unknown, ...more: unknown[]) => void]>([
  ["addListener", (...given) => untyped.addListener(handler, EVENT_JOB_ERROR, ...given)],
  ["on", (...given) => untyped.on("JOB_ERROR", handler, ...given)],
])("the options of %s", (call, listen) => {
  test.each([
    ["a misspelled name", { scop: "local" }, 'unknown option "scop". Did you mean "scope"?'],
    ["a misspelled scope", { scope: "lokal" }, '"lokal" is not allowed. Allowed: "all" or "local"'],
    ["a name with a blank", { name: "a b" }, '"a b" is not allowed. Allowed: a string of 1 to 64'],
    ["a string", "alerts", '"alerts" is not allowed'],
    ["a number", 5, "5 is not allowed"],
    ["null", null, "null is not allowed"],
    ["a list", ["alerts"], "a list of 1 is not allowed"],
    ["a function", handler, "the function handler is not allowed"],
  ])("are refused: %s", (_, options, text) => {
    const { message } = refusal(() => listen(options));
    expect(message).toMatch(new RegExp(`^${call}[,:]`));
    expect(message).toContain(text);
  });

  test("are accepted: none, and those that exist", () => {
    const valid: (ListenerOptions | undefined)[] = [
      undefined,
      {},
      { scope: "all" },
      { scope: "local" },
      { name: "a.b_c:d@e-f" },
    ];
    for (const options of valid) expect(() => listen(options)).not.toThrow();
    scheduler.removeListener(handler);
  });
});

test("a handler that is none is refused, under the call's own name", () => {
  expect(refusal(() => untyped.addListener()).message).toMatch(/^addListener: .*undefined/);
  expect(refusal(() => untyped.on("JOB_ERROR")).message).toMatch(/^on: .*undefined/);
});
