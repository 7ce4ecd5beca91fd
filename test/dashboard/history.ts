// Two days of a fleet in which everything happened that can happen, up to this moment.
import { z } from "zod";
import { defineJob } from "../../src/pipeline/define-job.ts";
import { systemClock } from "../../src/core/clock.ts";
import type { TestScheduler } from "../../src/testing/test-scheduler.ts";
import { createTestScheduler } from "../../src/testing/create-test-scheduler.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

interface WorkParams {
  /** With this, in bad hours. */
  readonly fails?: string;
  /** How long it sleeps. */
  readonly takes?: string;
  /** How many lines, with what a terminal would obey. */
  readonly writes?: number;
  /** Until it is cancelled. */
  readonly holds?: boolean;
}

/** A job that does what its params say. */
export const Work = defineJob({
  name: "work",
  async run({ params, sleep, step, log, fireTime, signal }) {
    const { fails, takes, writes = 0, holds = false } = (params ?? {}) as WorkParams;
    log.info("begins", { at: fireTime });
    for (let i = 1; i <= writes; i += 1)
      log.warn(`line ${i} \u001B[31mred\u001B[0m and \u202Ereversed <b>not bold</b>`);
    if (holds)
      for (let i = 1; !signal.aborted; i += 1) {
        log.info(`still holding ${i}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    signal.throwIfAborted();
    await step("prepare", () => ({ rows: 48_210 }));
    if (takes !== undefined) await sleep(takes);
    if (fails !== undefined && isBadHour(fireTime)) throw new Error(fails);
    return { rows: 48_210 };
  },
});

/** A job whose params have fields. */
export const Report = defineJob({
  name: "report",
  params: z.object({
    region: z.enum(["eu", "us"]).describe("Whose figures."),
    loginUrl: z.string().min(1),
    rows: z.number().int().min(1).default(100),
  }),
  run: ({ params }) => ({ region: params.region }),
});

/** Fails in the last hours of each half day. */
function isBadHour(at: Date): boolean {
  return at.getUTCHours() % 12 >= 10;
}

/** Lines of the state of such a fleet, as `exportState` gives them, for a fleet whose time goes on. */
export async function exportedHistory(): Promise<readonly string[]> {
  await using t = await fleetWithHistory();
  const lines: string[] = [];
  for await (const line of t.exportState({ logs: true })) lines.push(line);
  return lines;
}

/** A fleet with two days behind it, whose time stands still at this minute. */
export async function fleetWithHistory(): Promise<TestScheduler> {
  const now = Math.floor(systemClock.now() / MINUTE_MS) * MINUTE_MS;
  const t = await createTestScheduler({
    pipelines: [Work, Report],
    now: new Date(now - 2 * DAY_MS),
    timezone: "Europe/Berlin",
  });
  const hourly = { trigger: "interval", hours: 1 } as const;
  await t.addJob(Work, {
    id: "erp-export",
    description: "Export aus dem ERP, Grundlage aller Berichte",
    tags: ["reports"],
    trigger: "interval",
    minutes: 30,
  });
  await t.addJob(Work, {
    id: "orders-to-warehouse",
    description: "Bestellungen ins Data Warehouse laden",
    owner: "data-platform",
    tags: ["billing"],
    trigger: "cron",
    minute: 5,
    condition: '"nightly-backup".last_run_successful',
  });
  await t.addJob(Work, {
    id: "nightly-backup",
    description: "Sicherung der Datenbanken EU",
    params: { fails: "No space left on device" },
    ...hourly,
  });
  await t.addJob(Work, {
    id: "sync-crm-contacts",
    params: { takes: "25m" },
    trigger: "interval",
    minutes: 10,
  });
  await t.addJob(Work, { id: "paypal-import", description: "Zahlungen von PayPal", ...hourly });
  await t.addJob(Work, {
    id: "heartbeat",
    trigger: "interval",
    minutes: 15,
    misfireGraceTime: "60s",
    coalesce: false,
  });
  await t.addJob(Work, { id: "weekly-report", trigger: "cron", dayOfWeek: "mon", hour: 9 });
  await t.addJob(Work, { id: "by-hand", trigger: "manual" });
  await t.advanceBy("30h");
  await t.outage("2h");
  await t.advanceBy("4h");
  const skipped = (await t.getOccurrences("erp-export", { from: t.now() })).occurrences.find(
    ({ state }) => state === "future",
  );
  if (skipped)
    await t
      .as({ kind: "user", id: "ana", role: "admin", owners: ["ana"] })
      .skipOccurrence("erp-export", skipped.fireTime, { reason: "stocktaking" });
  await t
    .as({ kind: "user", id: "ana", role: "admin", owners: ["ana"] })
    .pauseJob("paypal-import", { reason: "source down (INC-4711)" });
  await t.advanceTo(new Date(now));
  return t;
}
