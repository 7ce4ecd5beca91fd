import type { TestProject } from "vitest/node";
import { startRedis } from "../../scripts/redis-server.ts";
import { isNeeded } from "./is-needed.ts";

export {
  freePort,
  type RedisOptions,
  type RedisServer,
  startRedis,
} from "../../scripts/redis-server.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** The server that all test files share; each test uses its own prefix and flushes nothing. */
    redisUrl: string;
  }
}

/** vitest's global set-up: one server for all test files. */
export default async function setup(
  project: TestProject,
): Promise<(() => Promise<void>) | undefined> {
  if (!(await isNeeded(project, "redis"))) return undefined;
  const server = await startRedis();
  project.provide("redisUrl", server.url);
  return () => server.dispose();
}
