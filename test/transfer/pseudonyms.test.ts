// Pseudonyms have the form of what they stand for, so that schemas accept them, and are the same for the same value.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { PipelineRegistry } from "../../src/pipeline/registry.ts";
import { Pipeline } from "../../src/index.ts";
import { KnownValues } from "../../src/scheduler/transfer/masking/known-values.ts";
import type { MaskParams } from "../../src/scheduler/transfer/masking/mask-options.ts";
import { MaskedValues } from "../../src/scheduler/transfer/masking/masked-values.ts";
import { NamesMask } from "../../src/scheduler/transfer/masking/names-mask.ts";
import { Pseudonyms } from "../../src/scheduler/transfer/masking/pseudonyms.ts";
import { SchemaPlace } from "../../src/scheduler/transfer/masking/schema-place.ts";
import { StateMask } from "../../src/scheduler/transfer/masking/state-mask.ts";
import { parseCondition } from "../../src/conditions/parse.ts";
import type { MaskedPart } from "../../src/jobs/state-header.ts";
import { plainJob } from "./state-text.ts";

const names = new Pseudonyms("a key of ours");

describe("a pseudonym", () => {
  test.each<[string, z.ZodType, unknown]>([
    ["a mail address", z.email(), "ada.lovelace+1@example.com"],
    ["a URL", z.url({ protocol: /^https$/ }), "https://ada:pw@example.com:8443/a/b?c=d#e"],
    ["a UUID", z.uuid({ version: "v4" }), "8f14e45f-ceea-467f-a0e6-c3c2b1a01234"],
    ["a date", z.iso.date(), "2024-02-29"],
    ["a time", z.iso.datetime({ offset: true }), "2026-03-01T02:30:00.5+01:00"],
    ["a duration", z.iso.duration(), "P1DT12H"],
    ["an address", z.ipv4(), "192.168.250.17"],
    ["a number in text", z.string().regex(/^[1-9]\d*$/), "10203"],
    ["bytes in hexadecimal", z.string().regex(/^[\da-f]+$/), "00ff12ab90"],
    ["a length", z.string().length(12), "Grüße, Welt!"],
    ["a number with decimals", z.number().min(0).max(1), 0.125],
    ["a negative number", z.int().negative().min(-9_999), -1_234],
    ["a tiny number", z.number().positive().max(1e-6), 5.25e-8],
  ])("of %s is one", (_, schema, value) => {
    const masked = new MaskedValues(names).mask(value, { isAll: true });
    expect(masked).not.toBe(value);
    expect(schema.parse(schema.parse(value) && masked)).toBe(masked);
    expect(new MaskedValues(names).mask(value, { isAll: true })).toBe(masked);
  });

  test("of dates keeps their order and distance", () => {
    const [from = "", to = ""] = ["2026-02-20", "2026-03-01T10:00:00Z"].map((date) =>
      names.text(date),
    );
    expect(Date.parse(to) - Date.parse(from)).toBe(9 * 86_400_000 + 10 * 3_600_000);
    expect(new Date(from).getUTCDay()).toBe(5);
  });

  test("differs with the key, and is random without one", () => {
    const text = "a confidential text";
    expect(new Pseudonyms("another key").text(text)).not.toBe(names.text(text));
    expect(new Pseudonyms(undefined).text(text)).not.toBe(new Pseudonyms(undefined).text(text));
    expect(new Pseudonyms("a key of ours").text(text)).toBe(names.text(text));
  });

  test("of any text has its length in characters, and no part of it that is long enough to tell", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }), (text) => {
        expect(Array.from(names.text(text))).toHaveLength(Array.from(text).length);
      }),
    );
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{8,40}$/), (text) => {
        expect(names.text(text)).not.toContain(text.slice(0, 8));
      }),
    );
  });
});

test("what a schema lists stays: enums, literals, the names of fields; the keys of records are data", () => {
  const schema = z
    .discriminatedUnion("kind", [
      z.object({
        kind: z.literal("file"),
        path: z.string(),
        level: z.union([z.literal(3), z.int()]),
      }),
      z.object({
        kind: z.literal("table"),
        of: z.record(z.string(), z.enum(["asc", "desc"])),
        by: z.partialRecord(z.enum(["east", "west"]), z.string()),
      }),
    ])
    .optional();
  const mask = (value: unknown) =>
    new MaskedValues(names).mask(value, { isAll: true, place: SchemaPlace.of(schema) });
  expect(mask({ kind: "file", path: "abcd", level: 3 })).toEqual({
    kind: "file",
    path: names.text("abcd"),
    level: 3,
  });
  const table = { kind: "table", of: { customer: "desc" }, by: { west: "file" } };
  expect(mask(table)).toEqual({
    kind: "table",
    of: { [names.text("customer")]: "desc" },
    by: { west: names.text("file") },
  });
});

test("secrets alone are masked where a schema marks them, with the keys below them", () => {
  const value = { user: "ada", login: { pass: "hunter22", n: 12_345 }, list: [{ t: "token1" }] };
  const secrets = [["login"], ["list", "*", "t"]];
  expect(new MaskedValues(names).mask(value, { isAll: false, secrets })).toEqual({
    user: "ada",
    login: {
      [names.text("pass")]: names.text("hunter22"),
      [names.text("n")]: names.number(12_345),
    },
    list: [{ t: names.text("token1") }],
  });
});

test("what was masked is found in texts, keys and numbers, and in other spellings", () => {
  const known = new KnownValues();
  new MaskedValues(names, known).mask(
    { who: "ada", mail: "ada@x.io", id: 4_711, n: 12 },
    { isAll: true },
  );
  const [ada, mail, id] = [names.text("ada"), names.text("ada@x.io"), names.number(4_711)];
  expect(known.inText("ada and adamant wrote to ada@x.io on 12")).toBe(
    `${ada} and adamant wrote to ${mail} on 12`,
  );
  expect(known.inText("4711 14711 47.4711 #4711")).toBe(`${id} 14711 47.4711 #${id}`);
  expect(known.inText(Buffer.from("to ada@x.io!").toString("base64"))).not.toContain("YUB4Lmlv");
  expect(known.inJson({ "ada@x.io": [4_711, true, null, "x"] })).toEqual({
    [mail]: [id, true, null, "x"],
  });
});

test("ids of jobs stay what refers to them", () => {
  const mask = new NamesMask(names);
  const jobId = mask.jobId("load");
  expect(mask.runId("load:m3:1772366300000")).toBe(`${jobId}:m3:1772366300000`);
  expect(mask.condition(parseCondition("load.running and not load.never_ran"))).toMatchObject({
    of: [{ jobId }, { of: { jobId } }],
  });
  expect(mask.group("tenants")).toMatch(/^group-[\da-f]{12}$/);
  expect([mask.worker("host:1"), mask.worker("host:2"), mask.worker("host:1")]).toEqual([
    "worker-1",
    "worker-2",
    "worker-1",
  ]);
});

describe("params", () => {
  class Export extends Pipeline.with(
    z.object({ region: z.string().regex(/^eu-/), key: z.string().meta({ secret: true }) }),
  ) {
    run() {
      return null;
    }
  }
  const params = { region: "eu-west", key: "topsecret" };
  const job = plainJob("export", 0, { pipeline: "Export", params, secrets: [["key"]] });
  const masked = async (maskParams?: MaskParams, parts: readonly MaskedPart[] = ["params"]) => {
    const settings = { parts: new Set(parts), maskParams, maskKey: undefined };
    const mask = await new StateMask(settings, new PipelineRegistry([Export])).ofJob(job, []);
    const [record] = mask.records;
    return record?.kind === "job" ? record.definition : undefined;
  };

  test("that their pipeline would refuse are refused, and nothing of them is told", async () => {
    const error = await masked().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "UNMASKABLE_STATE",
      data: { jobId: "export", path: "region" },
      message: expect.stringContaining("maskParams") as string,
    });
    expect(String(error)).not.toMatch(/eu-west|topsecret/);
  });

  test("are what a function returns, which never sees secrets", async () => {
    const given: unknown[] = [];
    const definition = await masked((open, { jobId, pipeline, masked: value }) => {
      given.push(open, value, jobId, pipeline);
      return { ...Object(value), region: "eu-test" };
    });
    expect(JSON.stringify(given)).toContain("eu-west");
    expect(JSON.stringify(given)).not.toContain("topsecret");
    expect(given.slice(2)).toEqual(["export", "Export"]);
    expect(definition?.params).toMatchObject({ region: "eu-test" });
    expect(definition?.declared.all).not.toBe(job.definition.declared.all);
    await expect(masked(() => ({ region: 7n }))).rejects.toThrow(/"export": maskParams .* bigint/);
  });

  test("stay but for secrets if they are not to be masked", async () => {
    const definition = await masked(undefined, []);
    expect(definition?.params).toMatchObject({ region: "eu-west" });
    expect(JSON.stringify(definition)).not.toContain("topsecret");
  });

  test("that stand in the id of their job need that masked too", async () => {
    const settings = {
      parts: new Set(["params"] as const),
      maskParams: undefined,
      maskKey: undefined,
    };
    const mask = new StateMask(settings, new PipelineRegistry());
    const named = plainJob("export-acme", 0, { params: { of: "acme" } });
    await expect(mask.ofJob(named, [])).rejects.toMatchObject({
      code: "UNMASKABLE_STATE",
      data: { id: "export-acme" },
    });
    const grouped = plainJob("export", 0, {
      params: { of: "acme" },
      policy: { group: { key: "of acme", limit: 1 } },
    });
    await expect(mask.ofJob(grouped, [])).rejects.toThrow(/"ids"/);
  });
});
