// The API in the servers of others, as the examples mount it.
import { readdirSync } from "node:fs";
import { test } from "vitest";
import { runProgram } from "../helpers/run-program.ts";

const PROGRAMS = ["node-http.ts", "express.ts", "fastify.ts"] as const;

test("every example is run here", ({ expect }) => {
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

test.concurrent(
  "a route of Next.js answers each method",
  { timeout: 60_000 },
  async ({ expect }) => {
    const program = "test/api/next-route-program.ts";
    const { code, output } = await runProgram(program, { isTypeScript: true });
    for (const method of ["GET", "PUT", "PATCH", "DELETE"])
      expect(output).toContain(`${method} 401`);
    // Jobs are added elsewhere.
    expect(output).toContain("POST 405");
    expect(code).toBe(0);
  },
);
