import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { ErrorCode } from "../../src/core/errors.ts";
import { DEFAULT_MAX_PARAMS_BYTES, validateParams } from "../../src/pipeline/params.ts";

const bare = { name: "report", params: undefined };
const withSchema = (params: z.ZodType): { name: string; params: z.ZodType } => ({
  name: "report",
  params,
});

async function refusal(
  pipeline: { name: string; params: z.ZodType | undefined },
  params: unknown,
  options?: { maxBytes?: number },
): Promise<{ code: ErrorCode; message: string; data: Readonly<Record<string, unknown>> }> {
  return validateParams(pipeline, params, options).then(
    () => {
      throw new Error("was accepted");
    },
    (error: { code: ErrorCode; message: string; data: Readonly<Record<string, unknown>> }) => error,
  );
}

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i += 1) value = { in: value };
  return value;
}

const cyclic: Record<string, unknown> = { a: { b: [] } };
(cyclic["a"] as { b: unknown[] }).b.push(cyclic);

class Money {
  readonly cents = 1;
}

describe("without a schema", () => {
  test("plain JSON is copied", async () => {
    const params = { a: [1, "two", null, true, { b: -0.5 }], "odd key": "ü\u0000" };
    const valid = await validateParams(bare, params);
    expect(valid.input).toEqual(params);
    expect(valid.input).not.toBe(params);
    expect(JSON.parse(valid.json ?? "")).toEqual(params);
    expect(valid.output).toEqual(params);
  });

  test("no params are no params", async () => {
    expect(await validateParams(bare, undefined)).toEqual({
      input: undefined,
      json: undefined,
      output: undefined,
    });
    expect((await validateParams(bare, null)).json).toBe("null");
  });

  test("a field that is undefined counts as absent, and -0 as 0", async () => {
    expect((await validateParams(bare, { a: undefined, b: -0 })).json).toBe('{"b":0}');
  });

  test("objects without a prototype and from another realm are plain", async () => {
    const bald = Object.assign(Object.create(null) as object, { a: 1 });
    const { runInNewContext } = await import("node:vm");
    const foreign: unknown = runInNewContext("({ a: [1, { b: 2 }] })");
    expect((await validateParams(bare, bald)).json).toBe('{"a":1}');
    expect((await validateParams(bare, foreign)).json).toBe('{"a":[1,{"b":2}]}');
  });

  test("the same object twice is no cycle", async () => {
    const shared = { x: 1 };
    expect((await validateParams(bare, [shared, shared])).json).toBe('[{"x":1},{"x":1}]');
  });

  test.each<[string, unknown, string, RegExp]>([
    ["a function", { a: { call: () => 1 } }, "a.call", /is a function/],
    ["a symbol", [Symbol("s")], "[0]", /is a symbol/],
    ["a BigInt", { list: [1, 2n] }, "list[1]", /is a bigint/],
    ["NaN", { n: Number.NaN }, "n", /is NaN/],
    ["Infinity", { n: -Infinity }, "n", /is -Infinity/],
    ["undefined in a list", [1, undefined], "[1]", /is undefined/],
    // oxlint-disable-next-line no-sparse-arrays
    ["a hole in a list", [1, , 2], "[1]", /is undefined/],
    ["a Date", { at: new Date(0) }, "at", /Date .*ISO 8601/],
    ["a Map", { m: new Map() }, "m", /instance of Map/],
    ["an instance", { price: new Money() }, "price", /instance of Money/],
    ["a symbol as a key", { [Symbol("k")]: 1 }, "", /symbol as a key/],
    ["a cycle", cyclic, "a.b[0]", /contains it/],
    ["an own __proto__", JSON.parse('{"a":{"__proto__":{"admin":true}}}'), "a", /"__proto__"/],
    ["the key constructor", { constructor: 1 }, "", /"constructor"/],
    ["the key prototype", [{ prototype: {} }], "[0]", /"prototype"/],
    ["an odd key on the way", { "a b": { c: 1n } }, '["a b"].c', /is a bigint/],
  ])("%s is refused with its place", async (_what, params, path, problem) => {
    const error = await refusal(bare, params);
    expect(error).toMatchObject({ code: "INVALID_PARAMS", data: { path, pipelineName: "report" } });
    expect(error.message).toMatch(problem);
  });

  test("64 levels are deep enough, 65 and 100,000 too deep", async () => {
    await validateParams(bare, nested(64));
    for (const levels of [65, 100_000])
      expect(await refusal(bare, nested(levels))).toMatchObject({ code: "INVALID_PARAMS" });
  });

  test("getters are read once; one that throws is refused", async () => {
    let reads = 0;
    const counting = {
      get a(): number {
        reads += 1;
        return reads;
      },
    };
    expect((await validateParams(bare, counting)).json).toBe('{"a":1}');
    const throwing = {
      get a(): number {
        throw new Error("no");
      },
    };
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    for (const params of [throwing, revoked.proxy])
      expect(await refusal(bare, params)).toMatchObject({
        code: "INVALID_PARAMS",
        message: expect.stringContaining("can't be read") as unknown,
      });
  });

  test("any JSON value comes through unchanged", async () => {
    const forbidden = /"(?:__proto__|constructor|prototype)":/;
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        const json = JSON.stringify(value);
        fc.pre(!forbidden.test(json));
        expect((await validateParams(bare, value)).json).toBe(json);
      }),
    );
  });

  test("anything at all is either accepted as JSON or refused with a code", async () => {
    const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true });
    await fc.assert(
      fc.asyncProperty(anything, async (value) => {
        const json = await validateParams(bare, value).then(
          (valid) => valid.json,
          (error: unknown) => expect(error).toMatchObject({ code: "INVALID_PARAMS" }),
        );
        if (typeof json === "string") expect(JSON.stringify(JSON.parse(json))).toBe(json);
      }),
    );
  });
});

describe("size", () => {
  test("256 KiB of UTF-8 by default", async () => {
    const fits = "x".repeat(DEFAULT_MAX_PARAMS_BYTES - 2);
    expect((await validateParams(bare, fits)).json).toHaveLength(DEFAULT_MAX_PARAMS_BYTES);
    expect(await refusal(bare, `${fits}x`)).toMatchObject({
      code: "PAYLOAD_TOO_LARGE",
      data: { maxBytes: 262_144 },
    });
    expect(await refusal(bare, "ü".repeat(DEFAULT_MAX_PARAMS_BYTES / 2))).toMatchObject({
      code: "PAYLOAD_TOO_LARGE",
    });
    expect(await refusal(bare, { blob: "x".repeat(1_000_000) })).toMatchObject({
      code: "PAYLOAD_TOO_LARGE",
    });
  });

  test("the limit may be set", async () => {
    expect((await validateParams(bare, "abc", { maxBytes: 5 })).json).toBe('"abc"');
    expect(await refusal(bare, "abcd", { maxBytes: 5 })).toMatchObject({
      code: "PAYLOAD_TOO_LARGE",
    });
  });

  test("a small graph that unfolds to gigabytes ends early", async () => {
    let value: unknown = "x";
    for (let i = 0; i < 60; i += 1) value = [value, value];
    expect(await refusal(bare, value)).toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
    // oxlint-disable-next-line unicorn/no-new-array
    expect(await refusal(bare, new Array(2 ** 31))).toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
  });
});

describe("with a schema", () => {
  const schema = z.object({
    region: z.enum(["eu", "us"]),
    since: z.coerce.date().optional(),
    top: z.number().default(10),
    to: z.array(z.object({ mail: z.email() })).optional(),
  });

  test("the input is kept, the output is what the schema made of it", async () => {
    const valid = await validateParams(withSchema(schema), {
      region: "eu",
      since: "2026-01-01T00:00:00Z",
    });
    expect(valid.json).toBe('{"region":"eu","since":"2026-01-01T00:00:00Z"}');
    expect(valid.output).toEqual({ region: "eu", since: new Date("2026-01-01"), top: 10 });
    const again = await validateParams(withSchema(schema), valid.input);
    expect(again).toEqual(valid);
    expect(again.output).not.toBe(valid.output);
  });

  test("each issue is reported with its place", async () => {
    const error = await refusal(withSchema(schema), { region: "asia", to: [{ mail: "nobody" }] });
    expect(error.code).toBe("INVALID_PARAMS");
    expect(error.message).toMatch(/"report" don't match its schema: region: .*; to\[0\]\.mail: /);
    expect(error.data).toMatchObject({
      path: "region",
      issues: [{ path: "region" }, { path: "to[0].mail" }],
    });
  });

  test("very many issues are cut", async () => {
    const list = withSchema(z.array(z.number()));
    const error = await refusal(
      list,
      Array.from({ length: 1_000 }, () => "x"),
    );
    expect(error.message).toMatch(/\[4\].*and 995 more\.$/s);
    expect(error.data["issues"]).toHaveLength(5);
  });

  test("missing params are refused unless the schema has a default", async () => {
    expect(await refusal(withSchema(schema), undefined)).toMatchObject({ code: "INVALID_PARAMS" });
    const valid = await validateParams(withSchema(z.object({}).default({})), undefined);
    expect(valid).toEqual({ input: undefined, json: undefined, output: {} });
  });

  test("missing params are those of an object whose fields may all be left out", async () => {
    const limit = withSchema(z.object({ limit: z.number().default(1) }));
    // As they are given, and as they are stored.
    for (const none of [undefined, null])
      expect(await validateParams(limit, none)).toMatchObject({
        input: none,
        output: { limit: 1 },
      });
    const optional = withSchema(z.object({ limit: z.number() }).optional());
    for (const none of [undefined, null])
      expect(await validateParams(optional, none)).toMatchObject({ output: undefined });
    expect(await refusal(withSchema(schema), null)).toMatchObject({ code: "INVALID_PARAMS" });
  });

  test("a schema doesn't make other values than JSON acceptable", async () => {
    expect(await refusal(withSchema(z.date()), new Date(0))).toMatchObject({
      code: "INVALID_PARAMS",
    });
    expect(
      await refusal(withSchema(z.any()), JSON.parse('{"__proto__":{}}') as unknown),
    ).toMatchObject({ code: "INVALID_PARAMS" });
  });

  test("a transform that changes its input doesn't change what is stored", async () => {
    const greedy = z.any().transform((value: { list: number[] }) => value.list.splice(0));
    const valid = await validateParams(withSchema(greedy), { list: [1, 2] });
    expect(valid).toEqual({ input: { list: [1, 2] }, json: '{"list":[1,2]}', output: [1, 2] });
  });

  test("an asynchronous schema is awaited", async () => {
    const slow = z.string().refine(async (text) => Promise.resolve(text === "eu"), "not known");
    for (let i = 0; i < 2; i += 1) {
      expect((await validateParams(withSchema(slow), "eu")).output).toBe("eu");
      expect((await refusal(withSchema(slow), "asia")).message).toMatch(/not known/);
    }
  });

  test("a check that throws is refused with what it threw", async () => {
    const broken = z.string().refine(() => {
      throw new Error("lookup failed");
    });
    const error = await refusal(withSchema(broken), "eu");
    expect(error).toMatchObject({ code: "INVALID_PARAMS", cause: { message: "lookup failed" } });
    expect(error.message).toMatch(/threw: lookup failed/);
  });

  const secret = z.string().meta({ secret: true });
  const boom = (text: unknown): never => {
    throw new Error(`can't read ${String(text)}`);
  };
  test.each<[string, z.ZodType, unknown]>([
    [
      "an issue's own words",
      z.object({
        pw: secret.refine(() => false, { error: ({ input }) => `not ${String(input)}` }),
      }),
      { pw: "hunter2horse" },
    ],
    ["the path", z.object({ of: z.record(secret, z.number()) }), { of: { hunter2horse: "one" } }],
    ["what a check threw", z.object({ pw: secret.refine(boom) }), { pw: "hunter2horse" }],
    ["what a transform threw", z.object({ pw: secret.transform(boom) }), { pw: "hunter2horse" }],
  ])("a secret is masked in %s", async (_, fields, params) => {
    const error = await refusal(withSchema(fields), params);
    const said = inspect(error, { depth: 9 });
    expect(error.code).toBe("INVALID_PARAMS");
    expect(said).toContain("[secret]");
    expect(said).not.toContain("hunter2");
  });
});
