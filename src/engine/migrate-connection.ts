import { z } from "zod";
import { systemClock } from "../core/clock.ts";
import { CronduitError } from "../core/errors.ts";
import { durationOption } from "../jobs/duration-option.ts";
import { parseOptions } from "../jobs/options.ts";
import { DEFAULT_QUEUE, queueNameSchema } from "../jobs/queue.ts";
import { withDeadline } from "./calls/with-deadline.ts";
import { connectionSchema } from "./connection-schema.ts";
import { refuseForgotten } from "./forgotten-connection.ts";
import { type ConnectionOption, type Place, placeOf, prefixSchema } from "./open-engine.ts";
import type { Database } from "./postgres/database.ts";
import type { Schemas } from "./postgres/schema-name.ts";

/** Schema of {@link MigrateOptions}. */
export const migrateOptionsSchema = z.strictObject({
  prefix: prefixSchema,
  queues: z.array(queueNameSchema).max(1_000).default([]),
  grantTo: z.array(z.string().min(1).max(63)).default([]),
  timeout: durationOption("migrate.timeout").default(600_000),
});

/** Options of {@link migrate}. */
export interface MigrateOptions {
  /** The fleet's prefix, which names the schemas. @default "cronduit" */
  prefix?: string;
  /** Queues besides the default one; each has its own schema. @default none */
  queues?: string[];
  /** Roles that may use the schemas but not change them. PostgreSQL only. @default none */
  grantTo?: string[];
  /** How long connecting and migrating may take: seconds, or `"10m"`. @default 10 min */
  timeout?: number | string;
}

/** What {@link migrate} did. */
export interface MigrationReport {
  /** What was applied, in order; empty if everything was up to date. */
  readonly applied: readonly string[];
}

/**
 * Brings the schemas on PostgreSQL, or in an embedded engine's folder, up to this package's version, so that the first
 * `start()` needn't: for deployments, by a role with the right to create. Safe to call concurrently. Does nothing on
 * Redis and in memory.
 *
 * ```ts
 * await migrate("postgres://owner@127.0.0.1/app", { grantTo: ["app"] });
 * ```
 * @throws {@link CronduitError} `INVALID_OPTION`, `CONNECTION_FAILED`, `SERVER_REFUSED`, `FOLDER_IN_USE`;
 * `UNSUPPORTED_SERVER` if the schema is newer than this package.
 */
export async function migrate(
  connection: ConnectionOption | undefined,
  options: MigrateOptions = {},
): Promise<MigrationReport> {
  const { prefix, queues, grantTo, timeout } = parseOptions(
    migrateOptionsSchema,
    options,
    "migrate",
  );
  refuseForgotten(connection, "migrate");
  parseOptions(z.object({ connection: connectionSchema }), { connection }, "migrate");
  const place = placeOf(connection);
  if (grantTo.length > 0 && place.kind !== "postgres") {
    throw new CronduitError(
      "INVALID_OPTION",
      'migrate, option "grantTo": only PostgreSQL has roles.',
      { data: { path: "grantTo" } },
    );
  }
  if (place.kind === "redis" || place.kind === "memory") return { applied: [] };
  const [{ schemasOf }, { migrate: bringUpToDate }] = await Promise.all([
    import("./postgres/schema-name.ts"),
    import("./postgres/migrate-schema.ts"),
  ]);
  const schemas = schemasOf(prefix);
  const server = place.kind === "postgres" ? "postgres" : "embedded postgres";
  const call = { clock: systemClock, timeoutMs: timeout, what: "migrate", server };
  return withDeadline(call, async () => {
    await using database = await connect(place, schemas, timeout);
    await database.check?.();
    const applied = await bringUpToDate(database.pool, schemas, grantTo);
    for (const queue of new Set(queues)) {
      if (queue === DEFAULT_QUEUE) continue;
      const more = await bringUpToDate(database.pool, schemasOf(prefix, queue), grantTo);
      // All queues share BullMQ's tables.
      const own = more.filter((name) => !name.startsWith("bullmq "));
      applied.push(...own.map((name) => `${name} of ${queue}`));
    }
    return { applied };
  });
}

async function connect(
  place: Exclude<Place, { kind: "redis" | "memory" }>,
  { queue }: Schemas,
  timeoutMs: number,
): Promise<Database & AsyncDisposable> {
  if (place.kind === "embedded") {
    const { openEmbedded } = await import("./embedded/embedded-database.ts");
    return disposable(await openEmbedded(place.folder, queue, systemClock));
  }
  const { connectServer } = await import("./postgres/server-database.ts");
  // An error that breaks a connection in use breaks its statement, too.
  const onError = (): void => undefined;
  return disposable(await connectServer({ url: place.url, schema: queue, timeoutMs, onError }));
}

function disposable(database: Database): Database & AsyncDisposable {
  return { ...database, [Symbol.asyncDispose]: () => database.close() };
}
