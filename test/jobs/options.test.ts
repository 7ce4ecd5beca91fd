import { expect, test } from "vitest";
import { jobOptionsSchema, parseOptions } from "../../src/jobs/options.ts";

test.each([
  [{ retry: 1 }, "retry", /"retry": must be at least 2$/],
  [{ retry: "3" }, "retry", /expected number or object/],
  [{ retry: { attempts: 2, backoff: "none" } }, "retry.backoff", /"fixed"\|"exponential"/],
  [{ timeout: true }, "timeout", /expected number or string/],
  [{ condition: 42 }, "condition", /expected a text, or what after, all, any and not return/],
  [{ conditionPolicy: { wait: "soon" } }, "conditionPolicy.wait", /"soon" can't be read/],
  [{ conditionPolicy: { wiat: 1 } }, "conditionPolicy.wiat", /unknown option "wiat"/],
  [{ conditionPolicy: "wait" }, "conditionPolicy", /expected "skip" or object/],
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
