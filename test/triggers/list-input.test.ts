// A list where single values belong, and single text where a list belongs: the message shows the other form.
import { expect, it } from "vitest";
import * as trigger from "../../src/triggers/trigger-builders.ts";
import { refusalOf } from "./ask.ts";

it.each([
  [
    () => trigger.or([trigger.daily("09:00"), trigger.daily("10:00")] as never),
    "triggers.0: a list of 2 is not a trigger. Give them one by one: trigger.or(a, b).",
  ],
  [
    () => trigger.and(trigger.daily("09:00"), [] as never),
    "triggers.1: an empty list is not a trigger. Give them one by one: trigger.and(a, b).",
  ],
  [
    () => trigger.weekly("monday,friday"),
    'weekly: "monday,friday" is not a day of the week. Write ["mon", "fri"].',
  ],
  [
    () => trigger.weekly("Mon and Fri"),
    'weekly: "Mon and Fri" is not a day of the week. Write ["mon", "fri"].',
  ],
  [
    () => trigger.weekly("montag"),
    'weekly: "montag" is not a day of the week. Did you mean "mon"?',
  ],
])("%s", (build, message) => {
  expect(refusalOf(build).message).toBe(message);
});
