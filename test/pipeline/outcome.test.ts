import { AsyncLocalStorage } from "node:async_hooks";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CronduitError } from "../../src/core/errors.ts";
import { copyJson } from "../../src/pipeline/json.ts";
import { describeError, interpretResult, summarizeResult } from "../../src/pipeline/outcome.ts";

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function withRunAround(): Promise<void> {
  return new AsyncLocalStorage<object>().run({ lock: "of the run" }, async () => {});
}

const unreadable = {
  get success(): boolean {
    throw new Error("no");
  },
};

describe("interpretResult", () => {
  test.each([
    undefined,
    null,
    0,
    "",
    false,
    [],
    {},
    { success: true, rows: 3 },
    { success: 0, error: "no" },
    { success: "false" },
    { error: "without success" },
  ])("%j is a success", (value) => {
    expect(interpretResult(value)).toEqual({ ok: true, result: value });
  });

  test.each<[string, unknown, string]>([
    ["with a text", { success: false, error: "disk full" }, "disk full"],
    ["with an Error", { success: false, error: new TypeError("bad row") }, "bad row"],
    ["with an object", { success: false, error: { rows: 3 } }, "{ rows: 3 }"],
    ["with a message", { success: false, message: "disk full" }, "disk full"],
    ["without a reason", { success: false }, "The pipeline reported a failure without a reason."],
  ])("{ success: false } %s is a failure", (_what, value, message) => {
    const outcome = interpretResult(value);
    expect(outcome).toMatchObject({ ok: false, result: value });
    if (outcome.ok) throw new Error("unreachable");
    expect(outcome.error).toBeInstanceOf(CronduitError);
    expect(outcome.error).toMatchObject({ code: "RUN_REPORTED_FAILURE", message });
  });

  test("the error that was given is the cause", () => {
    const error = new Error("inner");
    expect(interpretResult({ success: false, error })).toMatchObject({ error: { cause: error } });
  });

  test("an error of ours keeps its code", () => {
    const error = new CronduitError("TASK_FAILED", "exit code 3", { cause: new Error("inner") });
    const outcome = interpretResult({ success: false, error });
    expect(outcome.ok ? undefined : outcome.error).toBe(error);
  });

  test("a result that can't be read is a failure, and nothing throws", () => {
    for (const value of [unreadable, revoked()])
      expect(interpretResult(value)).toMatchObject({
        ok: false,
        error: { code: "RUN_REPORTED_FAILURE" },
      });
  });
});

describe("describeError", () => {
  test("keeps name, message, code and stack", () => {
    const error = Object.assign(new TypeError("bad row"), { code: "E_ROW" });
    const described = describeError(error);
    expect(described).toMatchObject({ name: "TypeError", message: "bad row", code: "E_ROW" });
    expect(described.stack).toMatch(/^TypeError: bad row\n {4}at .*outcome\.test\.ts/);
  });

  test("a code may be a number; without one there is none", () => {
    expect(describeError(Object.assign(new Error("x"), { code: 11 })).code).toBe("11");
    expect(describeError(new Error("x"))).not.toHaveProperty("code");
    expect(describeError(Object.assign(new Error("x"), { code: {} }))).not.toHaveProperty("code");
  });

  test.each<[string, unknown, string]>([
    ["a text", "disk full", "disk full"],
    ["undefined", undefined, "undefined"],
    ["null", null, "null"],
    ["a number", 42, "42"],
    ["a BigInt", 42n, "42n"],
    ["a symbol", Symbol("s"), "Symbol(s)"],
    ["an object", { a: { b: 1 } }, "{ a: { b: 1 } }"],
  ])("%s that was thrown is shown", (_what, thrown, message) => {
    expect(describeError(thrown)).toEqual({
      name: "NonError",
      message,
      stack: `NonError: ${message}`,
    });
  });

  test("causes are told, a cycle of them once", () => {
    const inner = new RangeError("inner");
    const outer = new Error("outer", { cause: inner });
    inner.cause = outer;
    const { stack } = describeError(outer);
    expect(stack).toMatch(/^Error: outer\n.*\nCaused by: RangeError: inner\n/s);
    expect(stack.match(/Caused by/g)).toHaveLength(1);
  });

  test("an AggregateError without a message tells those of its errors", () => {
    const error = new AggregateError([new Error("::1 refused"), new Error("127.0.0.1 refused")]);
    expect(describeError(error).message).toBe("::1 refused; 127.0.0.1 refused");
  });

  test("what stands behind an error: causes and inner errors, structured, and the deepest as the reason", () => {
    const refused = Object.assign(new Error("connect refused"), { code: "ECONNREFUSED" });
    const failed = new TypeError("fetch failed", {
      cause: new Error("socket", { cause: refused }),
    });
    expect(describeError(failed)).toMatchObject({
      message: "fetch failed",
      reason: "fetch failed: connect refused (ECONNREFUSED)",
      cause: {
        name: "Error",
        message: "socket",
        cause: { message: "connect refused", code: "ECONNREFUSED" },
      },
    });
    const any = new AggregateError(
      [new RangeError("mirror a is full"), failed, new RangeError("mirror a is full"), 5],
      "All promises were rejected",
    );
    const described = describeError(any);
    expect(described).toMatchObject({
      name: "AggregateError",
      message: "All promises were rejected",
      reason: "All promises were rejected: mirror a is full; connect refused (ECONNREFUSED); 5",
    });
    expect(described.errors?.map(({ message }) => message)).toEqual([
      "mirror a is full",
      "fetch failed",
      "mirror a is full",
      "5",
    ]);
    expect(described.stack).toMatch(
      /\nOne of its errors: RangeError: mirror a is full\n.*\nCaused by: Error: connect refused/s,
    );
    expect(describeError(new Error("plain"))).not.toHaveProperty("reason");
    // An outer message that holds the inner one says it already.
    const told = new Error("upload: disk full", { cause: new Error("disk full") });
    expect(describeError(told)).not.toHaveProperty("reason");
  });

  test("what was thrown while another error was on its way stands beside that", () => {
    const body = new Error("disk full");
    const disposal = new Error("connection lost");
    const thrown = Object.assign(new Error("An error was suppressed during disposal."), {
      name: "SuppressedError",
      suppressed: body,
      error: disposal,
    });
    expect(describeError(thrown)).toMatchObject({
      name: "SuppressedError",
      reason: "An error was suppressed during disposal: disk full; connection lost",
      errors: [{ message: "disk full" }, { message: "connection lost" }],
    });
  });

  test("what was rejected with a text or nothing stands among the inner errors too", async () => {
    const thrown: unknown = await Promise.any([
      Promise.reject("no disk"),
      Promise.reject(undefined),
    ]).catch((error: unknown) => error);
    expect(describeError(thrown).reason).toBe("All promises were rejected: no disk; undefined");
  });

  test("what stands behind is bounded: depth, number, size, rings", () => {
    const ring = new Error("ring");
    ring.cause = new AggregateError([ring, new Error("inner", { cause: ring })], "both");
    expect(JSON.stringify(describeError(ring))).not.toMatch(/ring.*ring.*"cause":.*"ring"/);
    let deep = new Error("deepest");
    for (let i = 0; i < 100; i += 1) deep = new Error("x".repeat(10_000), { cause: deep });
    let wide: Error = new Error("leaf".repeat(1_000));
    for (let i = 0; i < 6; i += 1)
      wide = new AggregateError(Array.from({ length: 100 }, () => wide));
    for (const thrown of [ring, deep, wide])
      expect(JSON.stringify(describeError(thrown)).length).toBeLessThan(24_000);
  });

  test("an error of another realm is an error", () => {
    const foreign: unknown = runInNewContext("new TypeError('foreign')");
    expect(describeError(foreign)).toMatchObject({ name: "TypeError", message: "foreign" });
  });

  test("a huge message is cut and doesn't push the frames out", () => {
    const error = new Error("x".repeat(5_000_000));
    const { message, stack } = describeError(error);
    expect(message).toHaveLength(2_000);
    expect(message.endsWith("…")).toBe(true);
    expect(stack.length).toBeLessThanOrEqual(8_000);
    expect(stack).toMatch(/outcome\.test\.ts/);
  });

  test("what a store can't hold is replaced", () => {
    expect(describeError(new Error("a\0b\ud800c😀")).message).toBe("a\uFFFDb\uFFFDc😀");
    expect(describeError("😀".repeat(2_000)).message).not.toMatch(/\p{Surrogate}/u);
  });

  test("hostile errors do no harm", () => {
    const throwing = new Error("x");
    // The stack first: V8 makes it from name and message when it is first touched.
    for (const key of ["stack", "name", "message", "code", "cause"])
      Object.defineProperty(throwing, key, {
        get: () => {
          throw new Error("no");
        },
      });
    const odd = Object.assign(new Error("x"), { name: 1, message: {}, stack: [] });
    const aggregate = Object.assign(new AggregateError([]), {
      errors: new Proxy([], revokedTraps),
    });
    for (const thrown of [throwing, odd, aggregate, revoked(), Object.create(null), () => 1]) {
      const described = describeError(thrown);
      expect(described.name).not.toBe("");
      expect(described.message).not.toBe("");
    }
  });

  test("anything can be described, within bounds", () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withNullPrototype: true }), (thrown) => {
        const { name, message, stack } = describeError(thrown);
        expect(name.length).toBeLessThanOrEqual(100);
        expect(message.length).toBeLessThanOrEqual(2_000);
        expect(stack.length).toBeLessThanOrEqual(8_000);
      }),
    );
  });
});

const revokedTraps: ProxyHandler<never[]> = {
  get() {
    throw new Error("no");
  },
};

describe("summarizeResult", () => {
  class Point {
    readonly x: number;
    readonly y: number;
    constructor(x: number, y: number) {
      [this.x, this.y] = [x, y];
    }
  }
  const ring = new Map<string, unknown>();
  ring.set("me", ring);
  const cycle: Record<string, unknown> = { a: [1] };
  cycle["self"] = cycle;

  test.each<[string, unknown, string | undefined]>([
    ["nothing", undefined, undefined],
    ["null", null, "null"],
    ["an object", { a: [1, "ü"] }, '{"a":[1,"ü"]}'],
    ["a BigInt", { n: 12n }, '{"n":{"$type":"bigint","value":"12"}}'],
    [
      "a Map",
      new Map([["a", { b: 1n }]]),
      '{"$type":"Map","entries":[["a",{"b":{"$type":"bigint","value":"1"}}]]}',
    ],
    ["a Set in a list", [new Set([1])], '[{"$type":"Set","values":[1]}]'],
    ["a Map that holds itself", ring, '{"$type":"Map","entries":[["me","[Circular]"]]}'],
    ["an instance", { at: new Point(1, 2) }, '{"at":{"$type":"Point","x":1,"y":2}}'],
    ["an instance that shows nothing", new WeakMap(), '{"$type":"WeakMap"}'],
    ["an instance that says what it is", new URL("http://a.b/"), '"http://a.b/"'],
    ["bytes", new Uint8Array([1, 2]), '{"$type":"Uint8Array","values":[1,2]}'],
    ["a pattern", { p: /a/g }, '{"p":{"$type":"RegExp","value":"/a/g"}}'],
    [
      "NaN",
      [Number.NaN, -Infinity, -0],
      '[{"$type":"number","value":"NaN"},{"$type":"number","value":"-Infinity"},0]',
    ],
    ["undefined in a list, and as a field", [undefined, { a: undefined }], "[null,{}]"],
    ["a symbol as a key", { [Symbol("s")]: 1 }, '{"Symbol(s)":1}'],
    ["a function", function f() {}, '{"$type":"function","name":"f"}'],
    // Node.js hangs the store of each AsyncLocalStorage on a promise, that of the run around it too.
    ["a promise", { p: withRunAround() }, '{"p":{"$type":"Promise"}}'],
    ["a symbol", Symbol("s"), '{"$type":"symbol","name":"s"}'],
    ["a cycle", cycle, '{"a":[1],"self":"[Circular]"}'],
    ["the same object twice", [cycle["a"], cycle["a"]], "[[1],[1]]"],
    ["a function as a field", { f: () => 1, a: 1 }, '{"f":{"$type":"function","name":"f"},"a":1}'],
    ["a Date", { at: new Date(0) }, '{"at":"1970-01-01T00:00:00.000Z"}'],
    ["an error", [new TypeError("x")], '[{"name":"TypeError","message":"x"}]'],
    ["NUL and half a pair", ["a\0\ud800", "\\u0000"], '["a\uFFFD\uFFFD","\\\\u0000"]'],
    ["them as keys", { "\0": 1 }, '{"\uFFFD":1}'],
  ])("%s", (_what, value, text) => {
    expect(summarizeResult(value, 1_000)).toBe(text);
  });

  test("what is too large becomes a preview that says so and stays within the limit", () => {
    for (const filler of ["x", "ü", "😀", '"', "\\", "\u0001"])
      for (const limit of [128, 1_000, 10_000]) {
        const text = summarizeResult({ rows: filler.repeat(100_000) }, limit) ?? "";
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(limit);
        expect(JSON.parse(text)).toMatchObject({
          $truncated: true,
          bytes: Buffer.byteLength(JSON.stringify({ rows: filler.repeat(100_000) })),
          preview: expect.stringMatching(/^\{"rows":"/) as unknown,
        });
      }
  });

  test("exactly at the limit nothing is cut", () => {
    expect(summarizeResult("x".repeat(126), 128)).toBe(`"${"x".repeat(126)}"`);
    expect(summarizeResult("x".repeat(127), 128)).toMatch(/truncated/);
  });

  test.each<[string, unknown, RegExp]>([
    [
      "a toJSON that throws",
      {
        toJSON(): never {
          throw new Error("not today");
        },
      },
      /not today/,
    ],
    ["a getter that throws", unreadable, /no/],
    ["a revoked proxy", revoked(), /revoked/],
  ])("%s becomes JSON that says why", (_what, value, reason) => {
    const text = summarizeResult(value, 1_000) ?? "";
    expect(JSON.parse(text)).toMatchObject({
      $unserializable: true,
      reason: expect.stringMatching(reason) as unknown,
    });
  });

  test("one rule: what params and steps refuse is marked here, and what they take is the same", () => {
    const anything = fc.anything({
      withBigInt: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: true,
      withNullPrototype: true,
    });
    const rule = fc.property(anything, (value) => {
      const copy = copyJson(value, { maxBytes: 1e6, maxDepth: 100 });
      const text = summarizeResult(value, 1e6);
      if (copy.ok) return text === summarizeResult(copy.value, 1e6);
      // JSON's own answer to these is kept: a forbidden key is a key, `undefined` in a list is null.
      if (/the key "|is undefined/.test(copy.problem.problem)) return true;
      return text !== undefined && /"\$type"|\[Circular\]|\$unserializable/.test(text);
    });
    expect(fc.check(rule, { numRuns: 1_000 })).toMatchObject({ failed: false });
  });

  test("nesting that overflows the stack does no harm", () => {
    let value: unknown = 1;
    for (let i = 0; i < 200_000; i += 1) value = [value];
    expect(JSON.parse(summarizeResult(value, 1_000) ?? "")).toHaveProperty("$unserializable");
  });

  test("anything gives JSON within the limit, or nothing", () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true }),
        fc.integer({ min: 0, max: 2_000 }),
        (value, limit) => {
          const text = summarizeResult(value, limit);
          if (text === undefined) return;
          JSON.parse(text);
          expect(Buffer.byteLength(text)).toBeLessThanOrEqual(Math.max(limit, 128));
        },
      ),
    );
  });
});
