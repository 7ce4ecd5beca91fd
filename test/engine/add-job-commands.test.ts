import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { lineLogger, Pipeline, PipelineScheduler } from "../../src/index.ts";
import { startRedis } from "../helpers/redis-server.ts";

class Report extends Pipeline {
  override run(): void {
    // Nobody takes it.
  }
}

test(
  "Redis sees two commands for addJob, and three on another queue",
  { timeout: 60_000 },
  async () => {
    await using server = await startRedis();
    await using scheduler = new PipelineScheduler({
      connection: server.url,
      worker: false,
      pipelines: [Report],
      logger: lineLogger("error"),
    });
    const hourly = { trigger: "interval", hours: 1 } as const;
    // Connects, and has each script sent as text.
    await scheduler.addJob(Report, { ...hourly, id: "first" });
    await scheduler.addJob(Report, { ...hourly, id: "first-mail", queue: "mail" });
    const redis = new Redis(server.url);
    const monitor = await redis.monitor();
    try {
      const seen: string[] = [];
      monitor.on("monitor", (_time: string, args: string[], source: string) => {
        // What scripts do on the server costs no round trip.
        if (source !== "lua") seen.push((args[0] ?? "").toLowerCase());
      });
      const between = async (mark: string, work: () => Promise<unknown>): Promise<string[]> => {
        await work();
        await redis.echo(mark);
        await expect.poll(() => seen.at(-1)).toBe("echo");
        return seen.splice(0).filter((command) => command !== "echo");
      };
      expect(
        await between("one", () => scheduler.addJob(Report, { ...hourly, id: "second" })),
      ).toEqual(["evalsha", "evalsha"]);
      expect(
        await between("same", () => scheduler.addJob(Report, { ...hourly, id: "second" })),
      ).toEqual(["evalsha", "evalsha"]);
      expect(
        await between("mail", () =>
          scheduler.addJob(Report, { ...hourly, id: "second-mail", queue: "mail" }),
        ),
      ).toEqual(["evalsha", "evalsha", "evalsha"]);
    } finally {
      monitor.disconnect();
      redis.disconnect();
    }
  },
);
