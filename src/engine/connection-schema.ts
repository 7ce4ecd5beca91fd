import { z } from "zod";
import type { ConnectionOption } from "./open-engine.ts";

/** What people write instead of `connection`. */
const OTHER_NAMES =
  "redis redisUrl url uri host port server client postgres postgresUrl database databaseUrl db store jobstore jobstores";

/** Schema of the option `connection`. */
export const connectionSchema = z
  .custom<ConnectionOption>(
    (value) => typeof value === "string" || (typeof value === "object" && value !== null),
  )
  .meta({
    secret: true,
    alsoCalled: OTHER_NAMES.split(" "),
    allowed:
      "a URL such as postgres://127.0.0.1/app, redis://127.0.0.1:6379 or embedded://folder, or ioredis' options",
  });
