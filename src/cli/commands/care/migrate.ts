import { migrate } from "../../../engine/migrate-connection.ts";
import { withoutPasswords } from "../../../core/shown.ts";
import type { Call } from "../../call.ts";
import { CliError } from "../../cli-error.ts";

/** `cronduit migrate` */
export async function run(call: Call): Promise<void> {
  const { connection, prefix } = call.read.values;
  if (connection === undefined)
    throw new CliError(
      "NO_FLEET",
      "Which database is to be migrated is not said.",
      "cronduit migrate --connection postgres://owner@127.0.0.1/app",
    );
  const { applied } = await migrate(connection, {
    prefix,
    queues: namesIn(call.flags["queues"]),
    grantTo: namesIn(call.flags["grantTo"]),
  });
  const place = withoutPasswords(connection);
  call.answer({ place, applied }, () =>
    applied.length === 0
      ? [`${place} is up to date.`]
      : [`${place} is up to date now. Applied:`, ...applied.map((name) => `  ${name}`)],
  );
}

function namesIn(given: unknown): string[] {
  return typeof given === "string" ? given.split(",").filter((name) => name !== "") : [];
}
