import { randomUUID } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { defineJob, type RunContext } from "../../src/index.ts";
import type { FunctionJob } from "../../src/pipeline/define-job.ts";

test("what is no description of a job is refused", () => {
  for (const given of [null, undefined, "clean-up", () => undefined])
    expect(() => defineJob(given as unknown as FunctionJob<undefined>)).toThrow(
      expect.objectContaining({ code: "INVALID_PIPELINE" }),
    );
});

test("a module that was not there when the job first ran is asked for again", async () => {
  const module = join(tmpdir(), `cronduit-${randomUUID()}.mjs`);
  const Work = defineJob({ name: "work", module });
  const run = (): unknown => new Work().run({} as RunContext);
  await expect(run()).rejects.toThrow(/Cannot find module|Failed to load|Does the file exist/);
  await writeFile(module, "export default () => 'done';\n");
  try {
    expect(await run()).toBe("done");
  } finally {
    await rm(module);
  }
});
