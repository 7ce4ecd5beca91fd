import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { definitionText, parseDefinition } from "../../src/engine/redis/definition-text.ts";
import type { JobDefinition } from "../../src/jobs/definition.ts";
import { START } from "../contract/test-engine.ts";
import { aDefinition } from "../helpers/a-definition.ts";
import { definitionArb } from "../transfer/state-arbitrary.ts";

const declared = { all: "one", schedule: "two" };
const usual = aDefinition({
  id: "nightly",
  trigger: {
    kind: "cron",
    timezone: "UTC",
    fields: {
      year: "*",
      month: "*",
      day: "*",
      week: "*",
      dayOfWeek: "*",
      hour: "3",
      minute: "17",
      second: "0",
    },
    dayMatch: "all",
    dst: "once",
  },
  logs: { maxBytes: 262_144, runs: 100, ageMs: 604_800_000 },
  createdAt: START,
  declared,
});
const read = (text: string): JobDefinition => parseDefinition(text, { id: "nightly", declared });

describe("the text of a definition", () => {
  test("holds what is unusual, and gives back all", () => {
    const text = definitionText(usual);
    expect(JSON.parse(text)).toEqual({
      pipeline: "Report",
      trigger: { kind: "cron", fields: { hour: "3", minute: "17" } },
      createdAt: START,
    });
    expect(read(text)).toEqual(usual);
  });

  test("a text from which nothing was left out is read as it is", () => {
    expect(read(JSON.stringify(usual))).toEqual(usual);
  });

  test("names that objects have by themselves are names like any other", () => {
    const params = JSON.parse('{"__proto__":1,"toString":null,"tags":[]}') as unknown;
    const text = definitionText({ ...usual, params, tags: ["__proto__"] });
    expect(JSON.stringify(read(text).params)).toBe(JSON.stringify(params));
  });

  test("whatever the job is", () => {
    fc.assert(
      fc.property(definitionArb("nightly"), (definition) => {
        const whole = JSON.parse(JSON.stringify(definition)) as JobDefinition;
        expect(read(definitionText(definition))).toEqual(whole);
      }),
    );
  });
});
