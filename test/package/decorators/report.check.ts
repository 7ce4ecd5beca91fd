import { expect, test } from "vitest";
import { report } from "./report.ts";

test("the report runs", async () => {
  const told = await report();
  console.log(JSON.stringify(told));
  expect(told).toHaveProperty("scheduled.retval.success", true);
});
