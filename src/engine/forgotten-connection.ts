import { CronduitError } from "../core/errors.ts";

/** What `String(undefined)` and `String(null)` leave in a URL that was put together. */
const NO_HOST = new Set(["undefined", "null"]);

/**
 * Refuses a connection of which something was forgotten, mostly an environment variable: without it, a fleet's jobs would
 * be in one process's memory, or on whatever server is on this machine.
 * @throws {@link CronduitError} `INVALID_OPTION`
 */
export function refuseForgotten(connection: unknown, where: string): void {
  const what = forgotten(connection);
  if (what === undefined) return;
  throw new CronduitError(
    "INVALID_OPTION",
    `${where}, option "connection": ${what}. Is an environment variable not set? Give redis://…, postgres://… or embedded://folder; "memory:" is a scheduler's own memory.`,
    { data: { path: "connection" } },
  );
}

function forgotten(connection: unknown): string | undefined {
  if (connection === undefined || connection === null) return `is ${String(connection)}`;
  if (typeof connection === "string") return inUrl(connection);
  if (typeof connection !== "object") return undefined;
  if ("cluster" in connection) {
    if (!Array.isArray(connection.cluster)) return nothingAs(connection.cluster, "cluster");
    return connection.cluster.map(inNode).find((what) => what !== undefined);
  }
  return inNode(connection);
}

function inUrl(url: string): string | undefined {
  if (url.trim() === "") return "is an empty text";
  const host = URL.canParse(url) ? new URL(url).hostname : "";
  return NO_HOST.has(host) ? `has the host "${host}"` : undefined;
}

/** A node or ioredis' options may say nothing of the host, which is this machine then; but not that it is nothing. */
function inNode(node: unknown): string | undefined {
  if (typeof node === "string") return inUrl(node);
  if (typeof node !== "object" || node === null || !("host" in node)) return undefined;
  if (typeof node.host === "string" && NO_HOST.has(node.host)) return `has the host "${node.host}"`;
  return nothingAs(node.host, "host");
}

function nothingAs(value: unknown, name: string): string | undefined {
  if (value === undefined || value === null) return `has a ${name} that is ${String(value)}`;
  return typeof value === "string" && value.trim() === ""
    ? `has a ${name} that is empty`
    : undefined;
}
