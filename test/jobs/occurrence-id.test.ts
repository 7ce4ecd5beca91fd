import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseQueueJobId, queueJobIdOf } from "../../src/jobs/occurrence-id.ts";
import { jobIdSchema } from "../../src/jobs/options.ts";

const LETTERS = [..."ab9_ .:@/+=~#%-éß漢".split(""), "%3A", "%25", "%2", "::"];

const jobIds = fc
  .array(fc.constantFrom(...LETTERS), { minLength: 1, maxLength: 20 })
  .map((letters) => letters.join(""))
  .filter((id) => jobIdSchema.safeParse(id).success);

const ids = fc.record({
  jobId: jobIds,
  kind: fc.constantFrom("occurrence" as const, "manual" as const, "wakeup" as const),
  sequence: fc.integer({ min: 0, max: 2 ** 47 }),
  fireAt: fc.integer({ min: 0, max: 253_402_300_799_999 }),
});

describe("the id of a queue job", () => {
  test("can be read back, whatever the job's id is", () => {
    fc.assert(
      fc.property(ids, (id) => {
        expect(parseQueueJobId(queueJobIdOf(id))).toEqual(id);
      }),
    );
  });

  test("has exactly two colons, as BullMQ demands", () => {
    fc.assert(
      fc.property(ids, (id) => {
        expect(queueJobIdOf(id).split(":")).toHaveLength(3);
      }),
    );
  });

  test("differs when anything differs", () => {
    fc.assert(
      fc.property(ids, ids, (a, b) => {
        const isSame = JSON.stringify(a) === JSON.stringify(b);
        expect(queueJobIdOf(a) === queueJobIdOf(b)).toBe(isSame);
      }),
    );
  });

  test.each(["", "job", "job:1", "job:1:2:3", "job:x1:2", ":1:2", "job:1:", "job::2", "job:-1:2"])(
    "%j is none",
    (text) => {
      expect(parseQueueJobId(text)).toBeUndefined();
    },
  );
});
