import { expect, inject, test } from "vitest";
import { startProgram } from "../helpers/process.ts";

const LONG = { timeout: 90_000 };

async function told(scene: string) {
  await using program = startProgram("test/worker/stray-program.ts", {
    args: [inject("redisUrl"), scene],
  });
  const end = await program.waitFor(
    (message): message is Record<string, unknown> =>
      typeof message === "object" && message !== null && "culprit" in message,
  );
  expect(await program.exited()).toEqual({ code: 0, signal: null });
  return end;
}

const unharmed = { verdict: "succeeded", attempt: 1, result: "unharmed" };

test.concurrent("a rejection that nobody handles fails the run that it is of", LONG, async () => {
  expect(await told("final")).toMatchObject({
    culprit: { verdict: "failed", attempt: 1, error: { name: "FinalError", message: "lost" } },
    neighbour: unharmed,
  });
});

test.concurrent("also one that does not stop when told to", LONG, async () => {
  expect(await told("deaf")).toMatchObject({
    culprit: { verdict: "failed", attempt: 1, error: { name: "FinalError", message: "lost" } },
    neighbour: unharmed,
  });
});

test.concurrent(
  "retryOn is asked of it as of what run throws, and it may come from a step",
  LONG,
  async () => {
    expect(await told("retried")).toMatchObject({
      culprit: { verdict: "succeeded", attempt: 2, result: "done" },
      neighbour: unharmed,
    });
  },
);

test.concurrent("after the run's end it is logged", LONG, async () => {
  const { culprit, neighbour, errors } = await told("late");
  expect(culprit).toMatchObject({ verdict: "succeeded", attempt: 1 });
  expect(neighbour).toMatchObject(unharmed);
  expect(errors).toMatchObject([
    {
      message: "a promise of a run that is over was rejected, and nobody handled it",
      fields: {
        jobId: "Culprit",
        runId: (culprit as { id: string }).id,
        error: { name: "PaymentError", message: "lost after the end" },
      },
    },
  ]);
});

test.concurrent("a wait that nobody waits for fails nothing", LONG, async () => {
  const { culprit, neighbour } = await told("sleeping");
  expect(culprit).toMatchObject({ verdict: "succeeded", result: "done" });
  expect(neighbour).toMatchObject(unharmed);
});

test.concurrent("one that is of no run ends the process, as Node does", LONG, async () => {
  await using program = startProgram("test/worker/stray-program.ts", {
    args: [inject("redisUrl"), "foreign"],
  });
  expect(await program.exited()).toEqual({ code: 1, signal: null });
  expect(program.output()).toMatch(/TypeError: of the application itself\n\s+at .*stray-program/);
});
