import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: [
      "test/helpers/redis-server.ts",
      "test/helpers/postgres-server.ts",
      "test/helpers/prepared-folder.ts",
      "test/helpers/compiled.ts",
      "test/helpers/built-dashboard.ts",
      "test/contract/matrix.ts",
    ],
    setupFiles: [
      "test/helpers/no-leaks.ts",
      "test/helpers/seed.ts",
      "test/helpers/prepared-pglite.ts",
    ],
    // Most tests wait for something: more at once than there are processors.
    maxWorkers: 4,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    coverage: { include: ["src/**/*.ts"] },
  },
});
