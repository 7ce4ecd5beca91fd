import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parse } from "smol-toml";
import { expect, test } from "vitest";
import { z } from "zod";
import { jobFileSchema, tomlFileSchema } from "../../src/config/file-schemas.ts";
import { readJobFile } from "../../src/config/read-job-file.ts";
import { rulesInFiles, schedules } from "./written-jobs.ts";

const check = (schema: object) =>
  z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
const toml = check(tomlFileSchema());
const json = check(jobFileSchema());

test("every TOML example fits the schema", () => {
  const folder = join(import.meta.dirname, "seeds");
  for (const name of readdirSync(folder).filter((one) => one.endsWith(".toml")))
    expect(toml.safeParse(parse(readFileSync(join(folder, name), "utf8")))).toMatchObject({
      success: true,
    });
});

test("random jobs fit both schemas", () => {
  fc.assert(
    fc.property(rulesInFiles, schedules, (rules, [words]) => {
      const fields = Object.fromEntries(
        Object.entries({ ...words, ...rules }).filter(([, value]) => value !== undefined),
      );
      const task = { type: "execute_command", command: "x" };
      expect(json.safeParse({ $schema: "x", job_id: "a", task, ...fields })).toMatchObject({
        success: true,
      });
      expect(
        toml.safeParse({ jobs: { a: { type: "BASH", command: "x", ...fields } } }),
      ).toMatchObject({ success: true });
    }),
  );
});

test.each([
  ["a name in camelCase", { job_id: "a", maxInstances: 1 }],
  ["one inside", { job_id: "a", retry: { maxDelay: 1 } }],
  ["a value out of range", { job_id: "a", max_instances: 0 }],
  ["no id", { schedule: "@daily" }],
])("%s does not fit", (_, file) => {
  expect(json.safeParse(file).success).toBe(false);
});

test("$schema names a schema, and is no part of the job", () => {
  const text =
    '{"$schema": "./job.schema.json", "job_id": "a", "schedule": "@daily", "pipeline": "Mail"}';
  expect(readJobFile(text, "a.json")).toMatchObject({
    problems: [],
    jobs: [{ options: { id: "a" } }],
  });
});
