import { z } from "zod";
import { CronduitError } from "../core/errors.ts";
import { systemClock } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import { instantOption } from "../jobs/instant-option.ts";
import { parseOptions } from "../jobs/options.ts";
import { checkTimezone } from "../jobs/timezone-option.ts";
import {
  type PipelineSchedulerOptions,
  schedulerOptionsSchema,
} from "../scheduler/scheduler-options.ts";
import type { InstantInput } from "../triggers/time/parse-instant.ts";
import { currentRun } from "../worker/run-scope.ts";
import { replaceGlobalTimers } from "./global-timers.ts";
import { currentListener } from "./listener-scope.ts";
import { patienceSchema } from "./read-durations.ts";
import { beginOf, readState, type TestState } from "./start-state.ts";
import { TestScheduler } from "./test-scheduler.ts";
import { VirtualFleet } from "./virtual-fleet.ts";
import { VirtualTime } from "./virtual-time.ts";

/** What a test never sets: there is no server and no process to end, and the clock is the test's. */
const NOT_IN_TESTS = {
  clock: true,
  connection: true,
  drain: true,
  migrate: true,
  prefix: true,
  signals: true,
  timeout: true,
} as const;

/** Options of `createTestScheduler`: those of a scheduler, and how the time begins. */
export interface TestSchedulerOptions extends Omit<
  PipelineSchedulerOptions,
  keyof typeof NOT_IN_TESTS | "logger"
> {
  /** Where to report, and where `log` of runs goes; `console` fits. @default nowhere */
  logger?: Logger | undefined;
  /**
   * The time at the beginning; without an offset, in the scheduler's zone. @default the machine's, to the second; with
   * `state`, when that was exported
   */
  now?: InstantInput | undefined;
  /**
   * Whether the global timers and `Date` of this process move with the test, for pipelines that use them; by
   * `@sinonjs/fake-timers`. Only one test scheduler at a time can have them. @default false
   */
  fakeTimers?: boolean | undefined;
  /**
   * How long, in real time, a run may do real work before `RUN_STUCK`, or before the time moves on to its timeout: seconds,
   * or `"500ms"`. @default 2 s
   */
  patience?: number | string | undefined;
  /**
   * An exported state to begin with, of any engine: its text or lines, a stream, or the `file:` URL of where it is. See
   * `exportState`. @default nothing
   */
  state?: TestState | undefined;
}

const WHERE = "createTestScheduler";

const optionsSchema = schedulerOptionsSchema.omit(NOT_IN_TESTS).extend({
  now: z.unknown().optional(),
  fakeTimers: z.boolean().default(false),
  patience: patienceSchema,
  state: z.unknown().optional(),
});

/**
 * Makes a scheduler for tests and starts it. It needs no server; as many as you like can be in one process, and each has its
 * own time.
 * @throws {@link CronduitError} `INVALID_OPTION`, `INVALID_PIPELINE`, `INVALID_TIMEZONE`; `INVALID_STATE` if `fakeTimers` is
 * asked for while another test has them; `INVALID_STATE_FILE`.
 * @example
 * await using t = await createTestScheduler({ pipelines: [Nightly], now: "2027-03-27T00:00Z" });
 * await t.addJob(Nightly, { id: "nightly", trigger: "cron", hour: 2, minute: 30, timezone: "Europe/Berlin" });
 * await t.advanceTo("2027-03-29T00:00Z");
 * assert.equal(t.runs("nightly").length, 2);
 */
export async function createTestScheduler(
  options: TestSchedulerOptions = {},
): Promise<TestScheduler> {
  refuseServers(options);
  const own = parseOptions(optionsSchema, options, WHERE);
  checkTimezone(own.timezone, WHERE);
  const { now, fakeTimers: _, patience: __, state, ...rest } = options;
  const place = { where: WHERE, path: "now", timezone: own.timezone };
  const asked = now === undefined ? undefined : instantOption(now, place);
  await using start = state === undefined ? undefined : await readState(state);
  const from = start
    ? beginOf(start, asked)
    : (asked ?? Math.floor(systemClock.now() / 1_000) * 1_000);
  const ownerOf = (): object | undefined => currentRun()?.active ?? currentListener();
  const time = new VirtualTime(from, ownerOf);
  const globals = own.fakeTimers ? await replaceGlobalTimers(from, ownerOf) : undefined;
  try {
    const fleet = new VirtualFleet({ time, globals, patienceMs: own.patience });
    const scheduler = new TestScheduler(rest, fleet);
    if (start) await fleet.begin(start);
    await scheduler.start();
    return scheduler;
  } catch (error) {
    globals?.restore();
    throw error;
  }
}

function refuseServers(options: unknown): void {
  if (typeof options !== "object" || options === null) return;
  const given = Object.keys(NOT_IN_TESTS).find((name) => name in options);
  if (given === undefined) return;
  throw new CronduitError(
    "INVALID_OPTION",
    `${WHERE}, option "${given}": a test scheduler has no server and no process of its own, and its clock is its own. Leave it out.`,
    { data: { path: given } },
  );
}
