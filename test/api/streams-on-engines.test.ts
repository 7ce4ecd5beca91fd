// Server-sent events over TCP on each server: what happens in one process is heard through the API of another.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, inject, test } from "vitest";
import { createApi } from "../../src/api/create-api.ts";
import { toNodeListener } from "../../src/api/edge/node-listener.ts";
import { silentLogger } from "../../src/core/log.ts";
import { defineJob } from "../../src/pipeline/define-job.ts";
import { PipelineScheduler } from "../../src/scheduler/pipeline-scheduler.ts";
import { SseClient } from "./sse-client.ts";

const WAIT = { timeout: 30_000, interval: 20 };

/** Lets go of the run that waits. */
let release: () => void = () => undefined;
const Work = defineJob({
  name: "work",
  run: async ({ log, params }) => {
    log.info("first line");
    if ((params as { waits?: boolean } | undefined)?.waits === true)
      await new Promise<void>((resolve) => (release = resolve));
    log.info("last line");
  },
});

describe.each([
  ["redis", () => inject("redisUrl")],
  ["postgres", () => inject("postgresUrl")],
] as const)("%s", (_, connection) => {
  /** A process with a worker, and others that serve the API. */
  class Fleet implements AsyncDisposable {
    readonly #options = {
      connection: connection(),
      prefix: `sse_${randomUUID().slice(0, 8)}`,
      pipelines: [Work],
      logger: silentLogger,
    };
    readonly #ends: (() => unknown)[] = [];
    readonly worker = new PipelineScheduler({ ...this.#options, worker: {} });

    async start(): Promise<void> {
      this.#ends.push(() => this.worker.shutdown());
      await this.worker.start();
    }

    /** Another process with an API. @returns its URL, and what ends it as a crash of its machine would */
    async serve(): Promise<{ url: string; end: () => Promise<void> }> {
      const scheduler = new PipelineScheduler({ ...this.#options, worker: false });
      await scheduler.start();
      const api = createApi({ scheduler }).as({ kind: "cli", id: "ana" });
      const listener = toNodeListener(api);
      const server = createServer((request, response) => void listener(request, response));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as AddressInfo;
      let isOver = false;
      const end = async (): Promise<void> => {
        if (isOver) return;
        isOver = true;
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
        await scheduler.shutdown();
      };
      this.#ends.push(end);
      return { url: `http://127.0.0.1:${port}/api`, end };
    }

    async connect(url: string, lastEventId?: string): Promise<SseClient> {
      const client = await SseClient.connect(url, { lastEventId });
      this.#ends.push(() => client.close());
      return client;
    }

    async [Symbol.asyncDispose](): Promise<void> {
      for (const end of this.#ends.toReversed()) await end();
    }
  }

  async function open(): Promise<Fleet> {
    const fleet = new Fleet();
    await fleet.start();
    return fleet;
  }

  const heard = (client: SseClient): string[] =>
    client.events.map(({ name, jobId }) => `${jobId ?? ""} ${name}`);

  test("events of a run in another process, as the filters say", { timeout: 90_000 }, async () => {
    await using fleet = await open();
    const { url } = await fleet.serve();
    const { worker } = fleet;
    await worker.addJob(Work, { id: "a", trigger: "manual", tags: ["t"], owner: "ada" });
    await worker.addJob(Work, { id: "b", trigger: "manual" });
    const filters = ["jobId=a", "tag=t", "owner=ada", "name=JOB_STARTED", "name=JOB_EXECUTED"];
    const clients: SseClient[] = [];
    for (const filter of filters) {
      const client = await fleet.connect(`${url}/events?${filter}`);
      await expect.poll(() => client.lastId, WAIT).not.toBe("");
      clients.push(client);
    }
    for (const id of ["b", "a"]) await worker.runJob(id, { wait: "60s" });
    const [byJob, byTag, byOwner, started, executed] = clients as [
      SseClient,
      SseClient,
      SseClient,
      SseClient,
      SseClient,
    ];
    for (const client of [byJob, byTag, byOwner]) {
      await expect.poll(() => heard(client), WAIT).toContain("a JOB_EXECUTED");
      expect(heard(client)).toContain("a JOB_STARTED");
      expect(heard(client).join()).not.toContain("b JOB");
    }
    await expect.poll(() => heard(started), WAIT).toEqual(["b JOB_STARTED", "a JOB_STARTED"]);
    await expect.poll(() => heard(executed), WAIT).toEqual(["b JOB_EXECUTED", "a JOB_EXECUTED"]);
  });

  test(
    "who comes back after the API was restarted hears what came meanwhile, once",
    {
      timeout: 90_000,
    },
    async () => {
      await using fleet = await open();
      const first = await fleet.serve();
      const { worker } = fleet;
      for (const id of ["a", "b", "c"]) await worker.addJob(Work, { id, trigger: "manual" });
      const path = "/events?name=JOB_EXECUTED";
      const before = await fleet.connect(`${first.url}${path}`);
      await expect.poll(() => before.lastId, WAIT).not.toBe("");
      await worker.runJob("a", { wait: "60s" });
      await expect.poll(() => heard(before), WAIT).toEqual(["a JOB_EXECUTED"]);
      await first.end();
      await expect.poll(() => before.isOver, WAIT).toBe(true);
      await worker.runJob("b", { wait: "60s" });
      const second = await fleet.serve();
      const after = await fleet.connect(`${second.url}${path}`, before.lastId);
      await worker.runJob("c", { wait: "60s" });
      await expect.poll(() => heard(after), WAIT).toEqual(["b JOB_EXECUTED", "c JOB_EXECUTED"]);
      expect(after.messages.map(({ event }) => event)).not.toContain("resync");
    },
  );

  test(
    "the log of a run in another process is followed to its end, over a restart",
    {
      timeout: 90_000,
    },
    async () => {
      await using fleet = await open();
      const first = await fleet.serve();
      const { worker } = fleet;
      await worker.addJob(Work, { id: "a", trigger: "manual", params: { waits: true } });
      const runId = await worker.runJob("a");
      await expect.poll(async () => (await worker.getRun(runId)).verdict, WAIT).toBe("running");
      const path = `/runs/${encodeURIComponent(runId)}/logs?follow=true`;
      const before = await fleet.connect(`${first.url}${path}`);
      const linesOf = (client: SseClient): string[] =>
        client.messages
          .filter(({ event }) => event === "lines")
          .flatMap(({ data }) => (data as { lines: { message: string }[] }).lines)
          .map(({ message }) => message);
      await expect.poll(() => linesOf(before), WAIT).toEqual(["first line"]);
      await first.end();
      const second = await fleet.serve();
      const after = await fleet.connect(`${second.url}${path}`, before.lastId);
      release();
      await expect.poll(() => after.isOver, WAIT).toBe(true);
      expect(linesOf(after)).toEqual(["last line"]);
      expect(after.messages.at(-1)).toMatchObject({ event: "end", data: { verdict: "succeeded" } });
      // After the end there is nothing to come back for.
      await expect(fleet.connect(`${second.url}${path}`, after.lastId)).rejects.toThrow("204");
    },
  );
});
