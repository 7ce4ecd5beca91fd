// How the next runs change from one schedule to another.
import { expect, test } from "vitest";
import { changesOfRuns, timesAhead } from "../../src/config/diff/run-changes.ts";
import { aDefinition } from "../helpers/a-definition.ts";
import { resolveTrigger } from "../../src/triggers/resolve.ts";

/** A Friday. */
const NOW = Date.UTC(2026, 10, 27, 12);

function changed(before: string, after: string, count = 5): string[] {
  const [old, fresh] = [before, after].map((expression) => {
    const context = { now: NOW, timezone: "UTC", jobId: "" };
    const trigger = resolveTrigger({ trigger: "cron", expression }, context);
    return timesAhead({ ...aDefinition(), trigger }, NOW, count);
  });
  if (!old || !fresh) throw new Error("two sides");
  const text = (at: number) => new Date(at).toISOString().slice(8, 16).replace("T", " ");
  return changesOfRuns(old, fresh, { count, timezone: "UTC" }).map(
    ({ kind, at, to }) => `${kind} ${text(at)}${to === undefined ? "" : ` ${text(to)}`}`,
  );
}

test("from daily to later on weekdays", () => {
  expect(changed("0 8 * * *", "30 8 * * 1-5")).toEqual([
    "removed 28 08:00",
    "removed 29 08:00",
    "moved 30 08:00 30 08:30",
    "moved 01 08:00 01 08:30",
    "moved 02 08:00 02 08:30",
  ]);
});

test("the last one moves, too, although the other side ends before or after it", () => {
  expect(changed("0 8 * * *", "30 8 * * *").at(-1)).toBe("moved 02 08:00 02 08:30");
  expect(changed("30 8 * * *", "0 8 * * *").at(-1)).toBe("moved 02 08:30 02 08:00");
});

test("to less and to more often: nothing is told beyond what both sides have", () => {
  expect(changed("*/30 * * * *", "0 * * * *")).toEqual([
    "removed 27 12:30",
    "same 27 13:00",
    "removed 27 13:30",
    "same 27 14:00",
    "removed 27 14:30",
  ]);
  expect(changed("0 * * * *", "*/30 * * * *")).toEqual([
    "added 27 12:30",
    "same 27 13:00",
    "added 27 13:30",
    "same 27 14:00",
    "added 27 14:30",
  ]);
});

test("the same is the same", () => {
  expect(changed("0 8 * * *", "00 8 * * *").map((each) => each.split(" ")[0])).toEqual(
    Array.from({ length: 5 }, () => "same"),
  );
});
