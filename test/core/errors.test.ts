import { expect, test } from "vitest";
import {
  ConditionError,
  ConflictingIdError,
  CronduitError,
  ERROR_CODES,
  isCronduitError,
  JobLookupError,
  TriggerError,
} from "../../src/core/errors.ts";

test.each(Object.entries(ERROR_CODES))("%s says what it means and what to do", (code, entry) => {
  expect(code).toMatch(/^[A-Z]+(?:_[A-Z]+)*$/);
  for (const text of [entry.meaning, entry.remedy]) expect(text).toMatch(/^[A-Z].{10,}\.$/);
});

test("an error carries code, data and cause", () => {
  const cause = new Error("inner");
  const error = new CronduitError("INTERNAL", "broken", { data: { path: "a" }, cause });
  expect(error).toMatchObject({
    code: "INTERNAL",
    message: "broken",
    name: "CronduitError",
    data: { path: "a" },
    cause,
  });
  expect(error).toBeInstanceOf(Error);
});

test("without a cause there is no field of that name", () => {
  expect(Object.hasOwn(new CronduitError("INTERNAL", "broken"), "cause")).toBe(false);
  expect(new CronduitError("INTERNAL", "broken").data).toEqual({});
});

test("the subclasses have their codes and names", () => {
  const differences = [{ field: "timeout", stored: '"1m"', declared: '"2m"' }];
  expect(new ConflictingIdError("a", differences)).toMatchObject({
    name: "ConflictingIdError",
    code: "CONFLICTING_ID",
    message: expect.stringContaining('timeout: "1m" → "2m"'),
    data: { jobId: "a", differences },
  });
  expect(new JobLookupError("a")).toMatchObject({
    name: "JobLookupError",
    code: "JOB_NOT_FOUND",
    data: { jobId: "a" },
  });
  expect(new TriggerError("x", { field: "hour", column: 3 })).toMatchObject({
    name: "TriggerError",
    code: "INVALID_TRIGGER",
    data: { field: "hour", column: 3 },
  });
  expect(new ConditionError("x", { column: 7, expected: ["and"] })).toMatchObject({
    name: "ConditionError",
    code: "INVALID_CONDITION",
    data: { column: 7, expected: ["and"] },
  });
  expect(new TriggerError("x", {}, "INVALID_TIMEZONE").code).toBe("INVALID_TIMEZONE");
});

test("isCronduitError asks for the class, and for the code if one is given", () => {
  const error = new JobLookupError("a");
  expect(isCronduitError(error)).toBe(true);
  expect(isCronduitError(error, "JOB_NOT_FOUND")).toBe(true);
  expect(isCronduitError(error, "INTERNAL")).toBe(false);
  expect(isCronduitError(Object.assign(new Error("x"), { code: "INTERNAL" }))).toBe(false);
  expect(isCronduitError(undefined)).toBe(false);
});
