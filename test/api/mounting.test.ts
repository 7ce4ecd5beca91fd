// The API in the servers of others, as the examples mount it.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readdirSync } from "node:fs";
import { runProgram } from "../helpers/run-program.ts";

const PROGRAMS = ["node-http.ts", "express.ts", "fastify.ts"] as const;

test("every example is run here", () => {
  expect(readdirSync("examples/api").toSorted()).toEqual(
    [...PROGRAMS, "fleet.ts", "next-route.ts"].toSorted(),
  );
});

test.concurrent.for(PROGRAMS)(
  "examples/api/%s answers",
  { timeout: 60_000 },
  async (file, { expect }) => {
    const { code, output } = await runProgram(`examples/api/${file}`, { isTypeScript: true });
    expect(output).toContain("billing/report: ");
    expect(code).toBe(0);
  },
);

describe("a route of Next.js", () => {
  let fleet: typeof import("../../examples/api/fleet.ts");
  let route: typeof import("../../examples/api/next-route.ts");

  beforeAll(async () => {
    fleet = await import("../../examples/api/fleet.ts");
    route = await import("../../examples/api/next-route.ts");
  });

  afterAll(async () => {
    await fleet.scheduler.shutdown();
  });

  test("answers each method", async () => {
    for (const [method, handle] of Object.entries(route)) {
      const answer = await handle(new Request("http://localhost:3000/api/jobs/x", { method }));
      expect([method, answer.status]).toEqual([method, 401]);
    }
  });
});
