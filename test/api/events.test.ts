// Server-sent events over a real server: nobody loses an event, hears one of others, or makes the process grow.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type Api, createApi } from "../../src/api/create-api.ts";
import { CronduitError } from "../../src/core/errors.ts";
import { silentLogger } from "../../src/core/log.ts";
import { EventFeed } from "../../src/events/event-feed.ts";
import { defineJob } from "../../src/pipeline/define-job.ts";
import { partsOf, PipelineScheduler } from "../../src/scheduler/pipeline-scheduler.ts";
import type { Caller } from "../../src/api/caller.ts";
import { StreamHub } from "../../src/api/streams/stream-hub.ts";
import { SseStream } from "../../src/api/streams/sse-stream.ts";
import { SseClient } from "./sse-client.ts";

const Work = defineJob({ name: "work", run: async () => undefined });
const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.toReversed()) await end();
  ends.length = 0;
});

function makeScheduler(): PipelineScheduler {
  const scheduler = new PipelineScheduler({
    connection: "memory:",
    pipelines: [Work],
    logger: silentLogger,
  });
  ends.push(() => scheduler.shutdown());
  return scheduler;
}

interface Served {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves an API over TCP; who calls is in the header `as`, as an authenticator would find it. */
async function serve(api: Api): Promise<Served> {
  const callers: Record<string, Pick<Api, "fetch">> = {};
  const fetch = (request: Request): Promise<Response> => {
    const id = request.headers.get("as") ?? "admin";
    callers[id] ??= api.as(
      (id === "admin"
        ? { kind: "cli", id }
        : { kind: "user", id, role: "viewer", owners: [id] }) as never,
    );
    return callers[id].fetch(request);
  };
  const server: Server = createServer((req, res) => {
    void getRequestListener(fetch, { overrideGlobalObjects: false })(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  ends.push(close);
  return { url: `http://127.0.0.1:${port}/api`, close };
}

async function connect(url: string, lastEventId?: string, as?: string): Promise<SseClient> {
  const client = await SseClient.connect(url, {
    lastEventId,
    ...(as === undefined ? {} : { headers: { as } }),
  });
  ends.push(() => client.close());
  // The answer begins with a position.
  await expect.poll(() => client.lastId).not.toBe("");
  return client;
}

/** Causes events that tell their number. */
async function cause(scheduler: PipelineScheduler, from: number, count: number): Promise<void> {
  const { engine } = partsOf(scheduler) ?? {};
  for (let i = from; i < from + count; i += 1)
    await engine?.events.append([
      { name: "JOB_REPAIRED", at: i, jobId: `job-${i}`, reason: "test" },
    ]);
}

const jobsOf = (client: SseClient): string[] => client.events.map(({ jobId = "" }) => jobId);
const named = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `job-${from + i}`);

describe("events", () => {
  test("come as messages with an id, each once and in order; above 10 a second together", async () => {
    const scheduler = makeScheduler();
    const { url } = await serve(createApi({ scheduler }));
    const client = await connect(`${url}/events`);
    expect(client.retryMs).toBeGreaterThan(0);
    await cause(scheduler, 0, 3);
    await expect.poll(() => jobsOf(client)).toEqual(named(0, 3));
    expect(client.messages.every(({ event }) => event === "message")).toBe(true);
    await cause(scheduler, 3, 200);
    await expect.poll(() => jobsOf(client)).toEqual(named(0, 203));
    const batches = client.messages.filter(({ event }) => event === "batch");
    expect(batches.length).toBeGreaterThan(0);
    expect(client.messages.length).toBeLessThan(50);
    expect(new Set(client.messages.map(({ id }) => id)).size).toBe(client.messages.length);
  });

  test("are filtered by name, job and tag", async () => {
    const scheduler = makeScheduler();
    const { url } = await serve(createApi({ scheduler }));
    await scheduler.addJob(Work, { id: "a", trigger: "manual", tags: ["x"] });
    const byName = await connect(`${url}/events?name=JOB_PAUSED&name=JOB_RESUMED`);
    const byJob = await connect(`${url}/events?jobId=b`);
    const byTag = await connect(`${url}/events?tag=x`);
    await scheduler.addJob(Work, { id: "b", trigger: "manual", tags: ["y"] });
    await scheduler.pauseJob("a", "because");
    await scheduler.pauseJob("b");
    await scheduler.removeJob("a");
    await expect
      .poll(() => byTag.events.map(({ name }) => name))
      .toEqual(["JOB_PAUSED", "JOB_REMOVED"]);
    expect(byTag.events[0]).toMatchObject({ reason: "because", by: { kind: "code" } });
    expect(byName.events.map(({ name, jobId }) => `${name} ${jobId}`)).toEqual([
      "JOB_PAUSED a",
      "JOB_PAUSED b",
    ]);
    await expect
      .poll(() => byJob.events.map(({ name }) => name))
      .toEqual(["JOB_ADDED", "JOB_PAUSED"]);
  });

  test("of others are never sent, nor told by ids", async () => {
    const scheduler = makeScheduler();
    const { url } = await serve(createApi({ scheduler }));
    const ada = await connect(`${url}/events`, undefined, "ada");
    const bob = await connect(`${url}/events`, undefined, "bob");
    for (const owner of ["ada", "bob"])
      await scheduler.addJob(Work, { id: `${owner}/x`, trigger: "manual", owner });
    await cause(scheduler, 0, 30);
    await scheduler.pauseJob("ada/x");
    await scheduler.pauseJob("bob/x");
    await expect.poll(() => jobsOf(ada)).toEqual(["ada/x", "ada/x"]);
    await expect.poll(() => jobsOf(bob)).toEqual(["bob/x", "bob/x"]);
    // Ids are of one length and say nothing; those of others are no way to what one does not see.
    expect(new Set(ada.messages.map(({ id }) => id.length)).size).toBe(1);
    const back = await connect(`${url}/events`, bob.messages[0]?.id, "ada");
    await expect.poll(() => jobsOf(back)).toEqual(["ada/x"]);
  });

  test.each(["", "nonsense", "!!!", "MTIz", "A".repeat(200)])(
    "the id %j is no position: resync",
    async (id) => {
      const scheduler = makeScheduler();
      const { url } = await serve(createApi({ scheduler }));
      const client = await connect(`${url}/events?lastEventId=${encodeURIComponent(id) || "x"}`);
      await expect.poll(() => client.messages.map(({ event }) => event)).toEqual(["resync"]);
      await cause(scheduler, 0, 1);
      await expect.poll(() => jobsOf(client)).toEqual(["job-0"]);
    },
  );

  test.each(["?name=NOPE", "?nonsense=1", "?name="])("%s is refused", async (query) => {
    const { url } = await serve(createApi({ scheduler: makeScheduler() }));
    await expect(SseClient.connect(`${url}/events${query}`)).rejects.toThrow("400");
  });
});

describe("a client that comes back", () => {
  test(
    "500 of them lose nothing and hear nothing twice over a restart of the API",
    { timeout: 60_000 },
    async () => {
      const scheduler = makeScheduler();
      const limits = { streamsPerCaller: 1_000, requestsPerMinute: { address: 1e6, caller: 1e6 } };
      const make = () => serve(createApi({ scheduler, limits }));
      const first = await make();
      const clients = await Promise.all(
        Array.from({ length: 500 }, () => connect(`${first.url}/events`)),
      );
      await cause(scheduler, 0, 40);
      // Some have heard all of it, some a part, some nothing.
      await expect.poll(() => clients.some((client) => client.events.length > 0)).toBe(true);
      await first.close();
      await cause(scheduler, 40, 300);
      const second = await make();
      const again = await Promise.all(
        clients.map(({ lastId }) => connect(`${second.url}/events`, lastId)),
      );
      await cause(scheduler, 340, 5);
      const wanted = named(0, 345);
      await expect
        .poll(
          () =>
            again.every(
              (client, i) => (clients[i]?.events.length ?? 0) + client.events.length >= 345,
            ),
          {
            timeout: 40_000,
          },
        )
        .toBe(true);
      for (const [i, client] of again.entries())
        expect([...jobsOf(clients[i] as SseClient), ...jobsOf(client)]).toEqual(wanted);
    },
  );

  test("to another process of the fleet gets what came since, once", async () => {
    const scheduler = makeScheduler();
    const parts = partsOf(scheduler);
    if (!parts) throw new Error("no parts");
    const { engine, clock, logger } = parts;
    await scheduler.isPaused();
    const feeds = [0, 1].map(() => new EventFeed({ engine, clock, logger }));
    ends.push(() => Promise.all(feeds.map((feed) => feed.stop())));
    const quiet = { onNews: () => undefined, onEnd: () => undefined };
    const wish = { sees: "all", mask: -1 } as const;
    const one = await feeds[0]?.follow(wish, quiet);
    const start = one?.cursor;
    await cause(scheduler, 0, 700);
    const taken: string[] = [];
    await expect
      .poll(() => {
        taken.push(...(one?.take(100).events ?? []).map(({ event }) => event.jobId ?? ""));
        return taken.length;
      })
      .toBe(700);
    const two = await feeds[1]?.follow(wish, quiet, start);
    const three = await feeds[1]?.follow(wish, quiet, one?.cursor);
    await cause(scheduler, 700, 1);
    const found: Record<string, string[]> = { two: [], three: [] };
    await expect
      .poll(() => {
        found["two"]?.push(
          ...(two?.take(1_000).events ?? []).map(({ event }) => event.jobId ?? ""),
        );
        found["three"]?.push(
          ...(three?.take(1_000).events ?? []).map(({ event }) => event.jobId ?? ""),
        );
        return [found["two"]?.length, found["three"]?.length];
      })
      .toEqual([701, 1]);
    expect(found["two"]).toEqual(named(0, 701));
    expect(found["three"]).toEqual(["job-700"]);
  });

  test("after its events were trimmed is told to read anew", { timeout: 60_000 }, async () => {
    const scheduler = makeScheduler();
    const { engine, clock, logger } = partsOf(scheduler) ?? {};
    if (!engine || !clock || !logger) throw new Error("no parts");
    await scheduler.isPaused();
    await cause(scheduler, 0, 1);
    const start = await engine.events.latestCursor();
    await cause(scheduler, 1, 10_500);
    const feed = new EventFeed({ engine, clock, logger });
    ends.push(() => feed.stop());
    const quiet = { onNews: () => undefined, onEnd: () => undefined };
    const back = await feed.follow({ sees: "all", mask: -1 }, quiet, start);
    expect(back.take(10)).toMatchObject({ events: [], isLost: true });
    await cause(scheduler, 20_000, 1);
    await expect
      .poll(() => back.take(10).events.map(({ event }) => event.jobId))
      .toEqual(["job-20000"]);
  });
});

describe("a slow client", () => {
  test("gets what this process still has once it reads again", { timeout: 60_000 }, async () => {
    const scheduler = makeScheduler();
    const { url } = await serve(createApi({ scheduler }));
    const slow = await connect(`${url}/events`);
    slow.stall();
    await cause(scheduler, 0, 2_000);
    const quick = await connect(`${url}/events`);
    await cause(scheduler, 2_000, 1);
    await expect.poll(() => jobsOf(quick)).toEqual(["job-2000"]);
    slow.goOn();
    await expect.poll(() => jobsOf(slow).length, { timeout: 30_000 }).toBe(2_001);
    expect(jobsOf(slow)).toEqual(named(0, 2_001));
  });

  test("has lost events that came faster than it took them", async () => {
    const scheduler = makeScheduler();
    const { engine, clock, logger } = partsOf(scheduler) ?? {};
    if (!engine || !clock || !logger) throw new Error("no parts");
    await scheduler.isPaused();
    const feed = new EventFeed({ engine, clock, logger });
    ends.push(() => feed.stop());
    const [slow, quick] = await Promise.all(
      [0, 1].map(() =>
        feed.follow({ sees: "all", mask: -1 }, { onNews: () => undefined, onEnd: () => undefined }),
      ),
    );
    for (let i = 0; i < 60; i += 1) {
      const events = Array.from(
        { length: 500 },
        () => ({ name: "JOB_REPAIRED", at: i, reason: "x" }) as const,
      );
      await engine.events.append(events);
      await expect.poll(() => quick?.take(1_000).events.length).toBe(500);
    }
    expect(feed.ring.end - feed.ring.first).toBeLessThanOrEqual(20_000);
    expect(slow?.take(10)).toMatchObject({ events: [], isLost: true });
    expect(slow?.take(10)).toMatchObject({ events: [], isLost: false });
  });

  test("keeps no more here than a message and what a socket takes", async () => {
    let written = 0;
    let ended = 0;
    const part = new Uint8Array(10_000);
    const clock = { now: () => 0, elapsed: () => 0, after: () => () => undefined };
    const source = {
      pump(to: SseStream) {
        while (to.hasRoom) {
          to.write(part);
          written += part.length;
        }
      },
      position: () => undefined,
      close: () => (ended += 1),
    };
    const stream = new SseStream(clock, source, () => (ended += 1));
    for (let i = 0; i < 100; i += 1) stream.tick(i * 500);
    expect(written).toBeLessThan(80_000);
    // It reads nothing for more than a minute: it is gone.
    stream.tick(61_000);
    expect(ended).toBe(2);
    await expect(stream.body.getReader().read()).rejects.toThrow("reads nothing");
  });
});

describe("streams end", () => {
  test("with the scheduler", async () => {
    const scheduler = makeScheduler();
    const { url } = await serve(createApi({ scheduler }));
    const client = await connect(`${url}/events`);
    await scheduler.shutdown();
    await expect.poll(() => client.isOver).toBe(true);
  });

  test("once their credential is revoked, or means something else; not while nobody can be asked", async () => {
    const timers: (() => void)[] = [];
    let now = 0;
    const clock = {
      now: () => now,
      elapsed: () => now,
      after: (_: number, action: () => void) => {
        timers.push(action);
        return () => timers.splice(timers.indexOf(action), 1);
      },
    };
    const hub = new StreamHub(clock, { streams: 10, streamsPerCaller: 10 }, () => undefined);
    const caller = {
      actor: { kind: "user", id: "ada", role: "viewer", owners: ["a"] },
      via: "token",
    } as const;
    const refused = new CronduitError("NOT_AUTHENTICATED", "revoked");
    const answers: Record<string, () => Promise<Caller | undefined>> = {
      stays: async () => ({ ...caller, actor: { ...caller.actor } }),
      outage: () => Promise.reject(new Error("no server")),
      revoked: () => Promise.reject(refused),
      gone: async () => undefined,
      changed: async () => ({ ...caller, actor: { ...caller.actor, owners: ["b"] } }),
    };
    const closed: string[] = [];
    for (const [name, again] of Object.entries(answers)) {
      const source = {
        pump: () => undefined,
        position: () => undefined,
        close: () => closed.push(name),
      };
      const answer = await hub.open({ caller, again }, async () => ({ source }));
      void answer.body?.pipeTo(new WritableStream());
    }
    for (now = 500; now <= 30_000; now += 500) for (const fire of timers.splice(0)) fire();
    await expect.poll(() => closed.toSorted()).toEqual(["changed", "gone", "revoked"]);
    expect(hub.size).toBe(2);
    expect(timers).toHaveLength(1);
  });

  test("with their client, and free their places", async () => {
    const scheduler = makeScheduler();
    const api = createApi({ scheduler, limits: { streams: 3, streamsPerCaller: 2 } });
    const { url } = await serve(api);
    const [first] = [await connect(`${url}/events`), await connect(`${url}/events`)];
    await expect(SseClient.connect(`${url}/events`)).rejects.toThrow("429");
    await connect(`${url}/events`, undefined, "ada");
    await expect(SseClient.connect(`${url}/events`, { headers: { as: "bob" } })).rejects.toThrow(
      "429",
    );
    first?.close();
    await vi.waitFor(() => connect(`${url}/events`), { timeout: 5_000 });
  });

  test("at once where HEAD asks for one: nobody would end it", async () => {
    const api = createApi({ scheduler: makeScheduler(), limits: { streamsPerCaller: 1 } });
    const { url } = await serve(api);
    for (let i = 0; i < 3; i += 1) {
      const { status, headers } = await fetch(`${url}/events`, { method: "HEAD" });
      expect([status, headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    }
    await connect(`${url}/events`);
  });
});

describe("a run's log", () => {
  test("is followed from where one was, to the verdict", async () => {
    const lines: (() => void)[] = [];
    const Talk = defineJob({
      name: "talk",
      async run({ log }) {
        for (let i = 0; i < 3; i += 1) {
          log.info(`line ${i}`);
          await new Promise<void>((resolve) => lines.push(resolve));
        }
      },
    });
    const scheduler = new PipelineScheduler({
      connection: "memory:",
      pipelines: [Talk],
      logger: silentLogger,
      worker: {},
    });
    ends.push(() => scheduler.shutdown());
    await scheduler.start();
    await scheduler.addJob(Talk, { id: "talk/1", trigger: "manual", owner: "ada" });
    const runId = await scheduler.runJob("talk/1");
    const { url } = await serve(createApi({ scheduler }));
    const path = `${url}/runs/${encodeURIComponent(runId)}/logs?follow=true`;
    const textsOf = (client: SseClient): string[] =>
      client.messages
        .filter(({ event }) => event === "lines")
        .flatMap(({ data }) => (data as { lines: { message: string }[] }).lines)
        .map(({ message }) => message);
    const client = await SseClient.connect(path);
    ends.push(() => client.close());
    await expect.poll(() => textsOf(client), { timeout: 5_000 }).toEqual(["line 0"]);
    client.close();
    await expect.poll(() => lines.length).toBe(1);
    lines.shift()?.();
    const back = await SseClient.connect(path, {
      lastEventId: client.lastId,
      headers: { as: "ada" },
    });
    ends.push(() => back.close());
    await expect.poll(() => textsOf(back), { timeout: 5_000 }).toEqual(["line 1"]);
    for (let i = 0; i < 2; i += 1) {
      await expect.poll(() => lines.length).toBe(1);
      lines.shift()?.();
    }
    await expect
      .poll(() => back.messages.at(-1), { timeout: 5_000 })
      .toMatchObject({
        event: "end",
        data: { verdict: "succeeded" },
      });
    expect(textsOf(back)).toEqual(["line 1", "line 2"]);
    await expect.poll(() => back.isOver).toBe(true);
    // Nothing more will come: a browser stops asking after 204.
    await expect(SseClient.connect(path, { lastEventId: back.lastId })).rejects.toThrow("204");
    await expect(SseClient.connect(path, { headers: { as: "bob" } })).rejects.toThrow("404");
  });
});
