import { Redis } from "ioredis";
import { describe, expect, inject, test } from "vitest";
import { killLeftovers } from "./children.ts";
import { startProgram } from "./process.ts";
import { startRedis } from "./redis-server.ts";

const isKind =
  (kind: string) =>
  (message: unknown): message is { kind: string; message?: unknown } =>
    typeof message === "object" && message !== null && "kind" in message && message.kind === kind;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function withClient<T>(url: string, action: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url, { lazyConnect: true });
  try {
    await client.connect();
    return await action(client);
  } finally {
    client.disconnect();
  }
}

describe("redis-server", () => {
  test("the shared one answers", async () => {
    expect(await withClient(inject("redisUrl"), (client) => client.ping())).toBe("PONG");
  });

  test("one of its own keeps what it logged through a restart by SIGKILL", async () => {
    await using server = await startRedis({
      appendonly: true,
      config: ["--appendfsync", "always"],
    });
    const { pid } = server;
    await withClient(server.url, (client) => client.set("key", "kept"));
    await server.restart("SIGKILL");
    expect(server.pid).not.toBe(pid);
    expect(isAlive(pid)).toBe(false);
    expect(await withClient(server.url, (client) => client.get("key"))).toBe("kept");
  });

  test("stops, twice without harm, and its port is free again", async () => {
    await using server = await startRedis();
    const { pid, port } = server;
    await server.stop();
    await server.stop();
    expect(isAlive(pid)).toBe(false);
    await using next = await startRedis({ port });
    expect(next.url).toBe(`redis://127.0.0.1:${port}`);
  });

  test("a setting that it refuses is told", async () => {
    await expect(startRedis({ config: ["--no-such-setting", "1"] })).rejects.toThrow(
      /no-such-setting/,
    );
  });
});

describe("child program", () => {
  const options = { args: ["a"], env: { GREETING: "hello" } };

  test("sends by channel and by line, hears, and is ended by its pid", async () => {
    await using program = startProgram("test/helpers/echo-program.ts", options);
    expect(await program.waitFor(isKind("started"))).toEqual({
      kind: "started",
      args: ["a"],
      greeting: "hello",
    });
    program.send({ n: 1 });
    expect(await program.waitFor(isKind("heard"))).toMatchObject({ message: { n: 1 } });
    const from = program.messages.length;
    program.send({ n: 2 });
    expect(await program.waitFor(isKind("heard"), { from })).toMatchObject({ message: { n: 2 } });
    expect(program.output()).toContain("a line for people");
    expect(await program.kill("SIGKILL")).toEqual({ code: null, signal: "SIGKILL" });
    expect(isAlive(program.pid)).toBe(false);
  });

  test("waiting for what never comes tells how it ended", async () => {
    await using program = startProgram("test/helpers/echo-program.ts", options);
    await program.waitFor(isKind("started"));
    const waiting = program.waitFor(isKind("never"));
    program.send({ exit: true });
    await expect(waiting).rejects.toThrow(/echo-program.*code 3.*a line for people/s);
    expect(await program.exited()).toEqual({ code: 3, signal: null });
  });

  test("one that was forgotten is found and killed", async () => {
    const program = startProgram("test/helpers/echo-program.ts", options);
    await program.waitFor(isKind("started"));
    expect(await killLeftovers()).toEqual([`test/helpers/echo-program.ts (pid ${program.pid})`]);
    expect(isAlive(program.pid)).toBe(false);
    expect(await killLeftovers()).toEqual([]);
  });
});
