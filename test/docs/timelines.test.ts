// The timelines of docs/semantics.md around daylight saving show what the triggers do.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { previewTrigger } from "../../src/triggers/preview.ts";

const ZONE = "Europe/Berlin";
const HALF_HOUR = 1_800_000;
const LABEL_WIDTH = 34;
const CELL_WIDTH = 9;

const SCHEDULES = {
  '"30 2 * * *"': { trigger: "cron", expression: "30 2 * * *" },
  '"30 2 * * *", dst: "wall-clock"': {
    trigger: "cron",
    expression: "30 2 * * *",
    dst: "wall-clock",
  },
  '"*/30 * * * *"': { trigger: "cron", expression: "*/30 * * * *" },
  '"every 1h"': { trigger: "interval", hours: 1, startDate: "2026-01-01T00:30:00Z" },
} as const;

/** One column for each half hour after `start`: its local time, and a dot for each schedule that fires then. */
function timeline(start: string): string {
  const columns = Array.from({ length: 7 }, (_, i) => Date.parse(start) + i * HALF_HOUR);
  const clock = new Intl.DateTimeFormat("en-GB", {
    timeZone: ZONE,
    hour: "2-digit",
    minute: "2-digit",
  });
  const row = (label: string, cells: readonly string[]) =>
    (label.padEnd(LABEL_WIDTH) + cells.map((cell) => cell.padEnd(CELL_WIDTH)).join("")).trimEnd();
  const rows = Object.entries(SCHEDULES).map(([label, trigger]) => {
    const from = new Date(Date.parse(start) - 1);
    const fires = new Set(
      previewTrigger(trigger, { from, count: 10, timezone: ZONE })
        .filter((time) => time.fires)
        .map((time) => time.instant),
    );
    return row(
      label,
      columns.map((instant) => (fires.has(instant) ? "  ●" : "")),
    );
  });
  const local = columns.map((instant) => clock.format(instant));
  return [row(ZONE, local), ...rows].join("\n");
}

test.each([
  ["the clock skips an hour", "2026-03-29T00:00:00Z"],
  ["the clock repeats an hour", "2026-10-24T23:30:00Z"],
])("when %s", (_, start) => {
  const page = readFileSync(new URL("../../docs/semantics.md", import.meta.url), "utf8");
  expect(page).toContain(`\`\`\`text\n${timeline(start)}\n\`\`\``);
});
