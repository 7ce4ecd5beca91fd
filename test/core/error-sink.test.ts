import { expect, test } from "vitest";
import { errorSink } from "../../src/core/error-sink.ts";

test("the same error is told at once, and then every ten seconds with how often it came", () => {
  let now = 0;
  const clock = { now: () => now, elapsed: () => now, after: () => () => undefined };
  const told: unknown[] = [];
  const ignore = (): void => undefined;
  const warn = (name: string, fields?: Readonly<Record<string, unknown>>) =>
    told.push([now, name, fields]);
  const sink = errorSink({ debug: ignore, info: ignore, error: ignore, warn }, "redis", clock);
  const refused = new Error("connect ECONNREFUSED");
  for (; now < 25_000; now += 1_000) sink(refused);
  sink("another");
  expect(told).toEqual([
    [0, "redis", { error: refused }],
    [10_000, "redis", { error: refused, repeated: 9 }],
    [20_000, "redis", { error: refused, repeated: 9 }],
    [25_000, "redis", { error: "another" }],
  ]);
  for (let i = 0; i < 300; i += 1) sink(`text ${i}`);
  expect(told).toHaveLength(304);
});
