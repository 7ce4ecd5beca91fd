import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import * as trigger from "../../src/triggers/trigger-builders.ts";
import {
  triggerOptionShapes,
  type CommonTriggerOptions,
  type TriggerFieldOptions,
  type TriggerKind,
  type TriggerOptions,
} from "../../src/triggers/trigger-options.ts";

describe("trigger options, as types", () => {
  it("are what the shapes accept", () => {
    type Input<K extends keyof typeof triggerOptionShapes> = z.input<
      z.ZodObject<(typeof triggerOptionShapes)[K]>
    >;
    // A schedule's own fields are refused where they are undefined.
    type Fields<K extends keyof typeof triggerOptionShapes> = {
      [F in keyof Input<K>]: Exclude<Input<K>[F], undefined>;
    };
    expectTypeOf<CommonTriggerOptions>().toExtend<Input<"common">>();
    expectTypeOf<Input<"common">>().toExtend<CommonTriggerOptions>();
    expectTypeOf<TriggerFieldOptions["cron"]>().toExtend<Input<"cron">>();
    expectTypeOf<Fields<"cron">>().toExtend<TriggerFieldOptions["cron"]>();
    expectTypeOf<Fields<"interval">>().toExtend<TriggerFieldOptions["interval"]>();
    expectTypeOf<TriggerFieldOptions["interval"]>().toExtend<Input<"interval">>();
    expectTypeOf<Fields<"date">>().toExtend<TriggerFieldOptions["date"]>();
    expectTypeOf<TriggerFieldOptions["date"]>().toExtend<Input<"date">>();
    expectTypeOf<Fields<"calendarInterval">>().toExtend<TriggerFieldOptions["calendarInterval"]>();
    expectTypeOf<TriggerFieldOptions["calendarInterval"]>().toExtend<Input<"calendarInterval">>();
    expectTypeOf<Fields<"rrule">>().toExtend<TriggerFieldOptions["rrule"]>();
    expectTypeOf<Fields<"weekly">>().toExtend<TriggerFieldOptions["weekly"]>();
    expectTypeOf<Fields<"daily">>().toExtend<TriggerFieldOptions["daily"]>();
    expectTypeOf<keyof TriggerFieldOptions>().toEqualTypeOf<TriggerKind>();
  });

  it("narrow the allowed fields by the trigger's name", () => {
    const accepted: TriggerOptions[] = [
      { trigger: "cron", hour: 0, minute: 0, timezone: "Europe/Berlin" },
      { trigger: "interval", minutes: 30 },
      { trigger: "date", runDate: new Date(0) },
      { trigger: trigger.cron("0 9 * * 1-5"), jitter: "30s" },
      { trigger: { weekly: ["mon", "wed"], at: ["09:00", "17:30"] } },
      // @ts-expect-error an interval has minutes, not a minute
      { trigger: "interval", minute: 30 },
      // @ts-expect-error a cron trigger has no run date
      { trigger: "cron", runDate: "2026-01-01" },
      // @ts-expect-error beside an object only common options may stand
      { trigger: trigger.cron("@daily"), hour: 9 },
      // @ts-expect-error no such kind
      { trigger: "corn" },
    ];
    expect(accepted).toHaveLength(9);
  });

  it("are described, each of them", () => {
    for (const [kind, shape] of Object.entries(triggerOptionShapes)) {
      for (const [name, schema] of Object.entries(shape as Record<string, z.ZodType>)) {
        expect(schema.description, `${kind}.${name}`).toBeTruthy();
        expect(schema.safeParse(undefined).success, `${kind}.${name} is optional`).toBe(true);
      }
    }
    // The shapes build a schema, in which no field of a kind hides a common one.
    for (const [kind, shape] of Object.entries(triggerOptionShapes)) {
      if (kind === "common") continue;
      expect(Object.keys(shape).filter((name) => name in triggerOptionShapes.common)).toEqual([]);
      expect(
        z.strictObject({ ...shape, ...triggerOptionShapes.common }).safeParse({}).success,
      ).toBe(true);
    }
  });
});
