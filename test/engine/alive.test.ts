// Where nothing else keeps a process alive, a scheduler does: a connection that is away keeps none.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, inject, test } from "vitest";
import { startProgram } from "../helpers/process.ts";

const PROGRAM = "test/engine/alive-program.ts";

test.concurrent.each([
  ["redis", inject("redisUrl")],
  ["postgres", inject("postgresUrl")],
  ["memory", ""],
])("on %s, a process that only schedules goes on until it is told to end", async (_, url) => {
  const prefix = `alive-${randomUUID().slice(0, 8)}`;
  await using program = startProgram(PROGRAM, { args: ["wait", url, prefix] });
  await program.waitFor((message) => message === "started");
  // Time for a process that nothing keeps alive to exit; a later exit goes unnoticed and fails nothing.
  await sleep(2_000);
  await program.kill("SIGTERM");
  expect(program.messages).toEqual(["started", "told to end"]);
});

test.concurrent.each(["redis://127.0.0.1:1", "postgres://nobody@127.0.0.1:1/none"])(
  "a start that finds no server at %s fails, and the process does not end before",
  async (url) => {
    await using program = startProgram(PROGRAM, { args: ["once", url] });
    expect(await program.waitFor(() => true)).toBe("CONNECTION_FAILED");
    expect(await program.exited()).toMatchObject({ code: 0 });
  },
);
