import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { startRedis } from "../helpers/redis-server.ts";
import { backlog, ProcessFleet } from "./fleet.ts";
import type { Program } from "../helpers/process.ts";

const LOCK_MS = 4_000;
const AWAY_MS = LOCK_MS + 2_000;

/** What the server holds of the one run. */
async function held(fleet: ProcessFleet): Promise<{ start: number; crashes: number } | undefined> {
  const [text] = await fleet.redis.hvals(`${fleet.keys.own}running:job`);
  return text === undefined ? undefined : (JSON.parse(text) as { start: number; crashes: number });
}

test(
  "of a kill, a server that slept and processes that were stopped, only the kill counts as a crash",
  { timeout: 180_000 },
  async () => {
    await using server = await startRedis();
    await using fleet = await ProcessFleet.start(server.url);
    const programs = new Map<number, Program>();
    const another = async (): Promise<void> => {
      const program = await fleet.program({ lockMs: LOCK_MS });
      await fleet.go(program);
      programs.set(program.pid, program);
    };
    const { options, fireTimes } = backlog(1);
    /** The process of a start. */
    const startOf = async (start: number): Promise<Program> => {
      await fleet.until(`start ${start}`, () => fleet.lines("start", "job").length >= start);
      const line = fleet.lines("start", "job")[start - 1];
      const program = programs.get(line?.pid ?? 0);
      if (!program) throw new Error(`start ${start} is of no worker of ours`);
      return program;
    };
    const counts = async (start: number, crashes: number): Promise<void> =>
      fleet.until(`start ${start} with ${crashes} crashes`, async () => {
        const now = await held(fleet);
        return now?.start === start && now.crashes === crashes;
      });

    await another();
    await fleet.add("job", { ...options, params: { act: "hold", firstOnly: false } });
    const first = await startOf(1);
    await another();
    await fleet.kill(first);
    await startOf(2);
    await counts(2, 1);

    // The server is stopped for longer than the lock.
    await another();
    process.kill(server.pid, "SIGSTOP");
    await delay(AWAY_MS);
    process.kill(server.pid, "SIGCONT");
    let holder = await startOf(3);
    await counts(3, 1);

    // The process is stopped, and the run is taken up by another before it is back.
    for (const start of [4, 5]) {
      await another();
      holder.signal("SIGSTOP");
      const heir = await startOf(start);
      await counts(start, 2);
      holder.signal("SIGCONT");
      await counts(start, 1);
      holder = heir;
    }

    for (const program of programs.values()) if (program !== first) program.send({ release: true });
    await fleet.decided("job", fireTimes);
    expect(await fleet.account("job", fireTimes)).toMatchObject([
      { verdict: "succeeded", attempt: 5 },
    ]);
  },
);
