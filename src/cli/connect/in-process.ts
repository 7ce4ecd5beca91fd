import { stat } from "node:fs/promises";
import { join } from "node:path";
import { createApi } from "../../api/create-api.ts";
import { createClient } from "../../api/client/create-client.ts";
import { lineLogger } from "../../core/log.ts";
import { withoutPasswords } from "../../core/shown.ts";
import { partsOf, PipelineScheduler } from "../../scheduler/pipeline-scheduler.ts";
import { CliError } from "../cli-error.ts";
import type { Io } from "../io.ts";
import { pipelinesOf } from "../pipelines-of.ts";
import type { SettingsRead } from "../settings.ts";
import type { Reached } from "./reached.ts";

/** A person waits for the answer. */
const TIMEOUT_SECONDS = 3;
/** PostgreSQL's own files in an embedded folder. */
const DATA = "data";

/**
 * Opens a connection in this process, and answers as the daemon would. It changes no schema, watches over nothing, and takes no
 * leases: a scheduler that is never started does none of that.
 * @throws {@link CliError} `NO_FLEET`; {@link CronduitError} as `PipelineScheduler.start`
 */
export async function openHere(
  { connection, folder }: { readonly connection: string; readonly folder: string | undefined },
  read: SettingsRead,
  io: Io,
): Promise<Reached> {
  const { values } = read;
  if (connection === "memory:")
    throw new CliError(
      "NO_FLEET",
      `${read.origins.connection.name}: memory: is the memory of one process, and nothing is in that of this one.`,
      "Name a connection that others reach, or --url.",
    );
  // Opening would make one.
  if (folder !== undefined && !(await isFolder(join(folder, DATA))))
    throw new CliError("NO_FLEET", `There is no fleet in the folder ${folder}.`, "cronduit dev");
  const scheduler = new PipelineScheduler({
    connection,
    prefix: values.prefix,
    timezone: values.timezone,
    timeout: TIMEOUT_SECONDS,
    migrate: false,
    worker: false,
    pipelines: await pipelinesOf(read, io),
    logger: lineLogger("error", (line) => io.stderr.write(line)),
  });
  const close = () => scheduler.shutdown({ wait: false });
  try {
    // Before any request: to those the API tells nothing of the server behind it.
    await partsOf(scheduler)?.engine.open();
  } catch (error) {
    await close();
    throw error;
  }
  const api = createApi({ scheduler, basePath: values.basePath });
  const { fetch } = api.as({ kind: "cli", id: io.userName });
  const client = createClient({ url: `http://localhost${values.basePath}`, fetch });
  return { client, by: "process", place: withoutPasswords(connection), close };
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
