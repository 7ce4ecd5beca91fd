import { defineConfig } from "vitest/config";
import { quickFiles } from "./tiers.ts";
import full from "./vitest.config.ts";

/** The quick tier: what needs no server and no process. `test/helpers/nothing-started.ts` holds it to that. */
export default defineConfig({
  ...full,
  test: {
    ...full.test,
    include: quickFiles(),
    globalSetup: ["test/contract/matrix.ts"],
    setupFiles: [
      "test/helpers/no-leaks.ts",
      "test/helpers/seed.ts",
      "test/helpers/nothing-started.ts",
    ],
    // These compute; few wait for anything.
    maxWorkers: 2,
  },
});
