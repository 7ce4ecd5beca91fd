// Many streams of one process that is killed: those who come back have lost nothing. `npm run bench -- streams` has 2,000.
import { randomUUID } from "node:crypto";
import { expect, inject, test } from "vitest";
import { silentLogger } from "../../src/core/log.ts";
import { partsOf, PipelineScheduler } from "../../src/scheduler/pipeline-scheduler.ts";
import { missing, nameOf } from "../bench/streams/heard.ts";
import type { ServedStreams, StreamPlace } from "../bench/streams/serve-streams.ts";
import { type Program, startProgram } from "../helpers/process.ts";
import { freePort } from "../helpers/redis-server.ts";
import { SseClient } from "./sse-client.ts";

const CLIENTS = 200;
const BEFORE = 40;
const MEANWHILE = 300;
const TOTAL = 360;

const isServed = (message: unknown): message is ServedStreams =>
  typeof message === "object" && message !== null && "token" in message;

test(
  `${CLIENTS} clients lose nothing and hear nothing twice when the process of the API is killed`,
  { timeout: 120_000 },
  async () => {
    const connection = inject("redisUrl");
    const prefix = `restart_${randomUUID().slice(0, 8)}`;
    const place: StreamPlace = { connection, prefix, port: await freePort() };
    await using scheduler = new PipelineScheduler({ connection, prefix, logger: silentLogger });
    await scheduler.isPaused();
    const cause = async (from: number, until: number): Promise<void> => {
      for (let at = from; at < until; at += 10)
        await partsOf(scheduler)?.engine.events.append(
          Array.from({ length: 10 }, (_, i) => ({
            name: "JOB_REPAIRED" as const,
            at: Date.now(),
            jobId: nameOf(at + i),
          })),
        );
    };
    const connect = async (program: Program, lastEventId?: string): Promise<SseClient> => {
      const { token } = await program.waitFor(isServed);
      const headers = { authorization: `Bearer ${token}` };
      return SseClient.connect(`http://127.0.0.1:${place.port}/api/events`, {
        lastEventId,
        headers,
      });
    };
    const args = [JSON.stringify(place)];
    const first = startProgram("test/api/events-program.ts", { args });
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => connect(first)));
    await expect.poll(() => clients.every(({ lastId }) => lastId !== "")).toBe(true);
    await cause(0, BEFORE);
    // Some have had a part of it.
    await expect.poll(() => clients.some(({ events }) => events.length > 0)).toBe(true);
    await first.kill("SIGKILL");
    await expect.poll(() => clients.every(({ isOver }) => isOver)).toBe(true);
    await cause(BEFORE, MEANWHILE);
    await using second = startProgram("test/api/events-program.ts", { args });
    const again = await Promise.all(clients.map(({ lastId }) => connect(second, lastId)));
    await cause(MEANWHILE, TOTAL);
    const heard = () =>
      again.map(({ events }, i) =>
        [...(clients[i]?.events ?? []), ...events].map(({ jobId = "" }) => jobId),
      );
    await expect
      .poll(() => Math.min(...heard().map(({ length }) => length)), { timeout: 60_000 })
      .toBeGreaterThanOrEqual(TOTAL);
    expect(missing(heard(), TOTAL)).toEqual({ lost: 0, astray: 0 });
    for (const client of again) client.close();
  },
);
