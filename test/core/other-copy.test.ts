import { expect, it, vi } from "vitest";
import { isCronduitError, TriggerError } from "../../src/core/errors.ts";

it("an error of another copy of the package is known, by its code too", async () => {
  vi.resetModules();
  const copy = await import("../../src/core/errors.ts");
  const error: unknown = new copy.TriggerError("no", { field: "hour" });
  expect(error).not.toBeInstanceOf(TriggerError);
  expect(isCronduitError(error)).toBe(true);
  expect(isCronduitError(error, "INVALID_TRIGGER")).toBe(true);
  expect(isCronduitError(error, "JOB_NOT_FOUND")).toBe(false);
});

it("what only looks like one is not, and the mark is not seen", () => {
  for (const other of [undefined, null, "x", new Error("no"), { code: "INVALID_TRIGGER" }])
    expect(isCronduitError(other)).toBe(false);
  expect(Object.keys(new TriggerError("no"))).toEqual(["name", "code", "data"]);
});
