import { expect, test } from "vitest";
import { jobOptionsSchema, parseOptions } from "../../src/jobs/options.ts";

test.each([
  [
    { retry: 1 },
    "retry",
    /"retry": 1 is not allowed\. Allowed: a whole number from 2 to 1,000, an object /,
  ],
  [{ retry: "3" }, "retry", /"3" is not allowed.*Write 3 without quotes\.$/],
  [
    { retry: { attempts: 2, backoff: "none" } },
    "retry.backoff",
    /"none" is not allowed\. Allowed: "fixed" or "exponential"/,
  ],
  [
    { timeout: true },
    "timeout",
    /true is not allowed\. Allowed: (milli)?seconds as a number or a string such as "30s"/,
  ],
  [{ condition: 42 }, "condition", /Allowed: a condition as a string, or made with when, or null/],
  [{ conditionPolicy: { wait: "soon" } }, "conditionPolicy.wait", /"soon" can't be read/],
  [
    { conditionPolicy: { wiat: 1 } },
    "conditionPolicy.wiat",
    /"conditionPolicy": unknown option "wiat"\. Did you mean "wait"\?/,
  ],
  [
    { conditionPolicy: "wait" },
    "conditionPolicy",
    /Allowed: "skip" or an object with the option wait/,
  ],
])(
  "of the ways to write an option, the one that was meant is told about: %o",
  (job, path, what) => {
    try {
      parseOptions(jobOptionsSchema, job, "addJob");
      expect.unreachable("it was accepted");
    } catch (error) {
      expect(error).toMatchObject({ code: "INVALID_OPTION", data: { path } });
      expect((error as Error).message).toMatch(what);
    }
  },
);
