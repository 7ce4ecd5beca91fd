import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { lineLogger, Pipeline, PipelineScheduler, type SchedulerEvent } from "../../src/index.ts";
import { type SentinelGroup, startSentinels } from "../helpers/redis-sentinel.ts";

class Noop extends Pipeline {
  run(): unknown {
    return { success: true };
  }
}

const WAIT = { timeout: 40_000, interval: 50 };
let group: SentinelGroup;

beforeAll(async () => {
  group = await startSentinels();
}, 60_000);
afterAll(() => group[Symbol.asyncDispose]());
afterEach(() => {
  vi.restoreAllMocks();
});

test("jobs go on when the master hangs, when it comes back as a replica, and when the next one dies", async () => {
  const printed = vi.spyOn(console, "error").mockImplementation(() => undefined);
  await using scheduler = new PipelineScheduler({
    connection: group.connection,
    prefix: "with-sentinel",
    pipelines: [Noop],
    logger: lineLogger("error"),
  });
  const heard: SchedulerEvent[] = [];
  scheduler.on("JOB_EXECUTED", (event) => void heard.push(event));
  await scheduler.start();
  expect(scheduler.engine).toMatch(/^redis \d.* at Sentinel master main$/);
  await scheduler.addJob(Noop, { id: "tick", trigger: "interval", milliseconds: 250 });
  const runsOn = async (): Promise<void> => {
    const from = Date.now();
    const since = (): number =>
      heard.filter(({ scheduledRunTime }) => Number(scheduledRunTime) > from).length;
    await expect.poll(since, WAIT).toBeGreaterThanOrEqual(4);
  };
  await runsOn();

  const [first, second] = group.servers;
  process.kill(first?.pid ?? 0, "SIGSTOP");
  await expect.poll(() => group.master(), WAIT).toBe(second?.port);
  await runsOn();
  process.kill(first?.pid ?? 0, "SIGCONT");
  await runsOn();
  // Sentinels make a master that came back a replica after 8 s. One that is told so while another Sentinel promotes it stays
  // a replica of the dead one for good.
  await expect.poll(async () => first && group.follows(first), WAIT).toBe(true);
  await runsOn();

  // Two of three form a quorum; the console should not mention the third.
  await group.sentinels[0]?.stop();
  await second?.stop("SIGKILL");
  await expect.poll(() => group.master(), WAIT).toBe(first?.port);
  await runsOn();
  expect(await scheduler.health()).toMatchObject({ ok: true });

  // A replica holds its master's state at some moment, without gaps.
  await scheduler.pauseJob("tick");
  const { runs } = await scheduler.getRuns("tick", { limit: 1_000 });
  const times = runs.map((run) => run.fireTime.getTime());
  const oldest = Math.min(...runs.map((run) => run.firstFireTime.getTime()));
  const decided = runs.reduce((sum, run) => sum + run.count, 0);
  expect(decided).toBe((Math.max(...times) - oldest) / 250 + 1);
  expect(new Set(runs.map((run) => run.id)).size).toBe(runs.length);
  expect(printed).not.toHaveBeenCalled();
}, 180_000);
