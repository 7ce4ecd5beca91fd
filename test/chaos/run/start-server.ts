import { ChaosPostgres } from "./chaos-postgres.ts";
import { ChaosRedis } from "./chaos-redis.ts";
import type { ChaosServer, EngineName } from "./chaos-server.ts";

/** Starts the harness's own server. */
export async function startChaosServer(engine: EngineName): Promise<ChaosServer> {
  switch (engine) {
    case "redis":
      return ChaosRedis.start();
    case "postgres":
      return ChaosPostgres.start();
  }
}
