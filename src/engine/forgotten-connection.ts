import { CronduitError } from "../core/errors.ts";
import { refuseOptions } from "./redis/refused-options.ts";

/** What `String(undefined)` and `String(null)` leave in a composed URL. */
const NOTHING = new Set(["undefined", "null"]);

/** Fields that identify the server. User and password may be missing: a local server often has none. */
const PLACES = ["host", "port", "path", "sentinels"];

/**
 * Refuses a connection with a missing part, usually an unset environment variable: otherwise a fleet's jobs would end
 * up in one process's memory, or on whatever server runs on this machine.
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
    return inNodes(connection.cluster);
  }
  if ("sentinels" in connection && Array.isArray(connection.sentinels)) {
    const what = inNodes(connection.sentinels);
    if (what !== undefined) return what;
  }
  if (PLACES.some((name) => name in connection)) return inNode(connection);
  // A mistake of another kind explains itself better than "names no server" would.
  refuseOptions(connection);
  return "names no server: no host, port or path";
}

function inNodes(nodes: readonly unknown[]): string | undefined {
  return nodes.map(inNode).find((what) => what !== undefined);
}

function inUrl(text: string): string | undefined {
  if (text.trim() === "") return "is an empty string";
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const parts = [
    ["host", url.hostname],
    ["user", url.username],
    ["password", url.password],
    ["database", url.pathname.slice(1)],
  ] as const;
  const part = parts.find(([, value]) => NOTHING.has(value));
  return part && `has the ${part[0]} "${part[1]}"`;
}

/** A node or ioredis' options may omit the host, which then is this machine; but an explicit empty one is refused. */
function inNode(node: unknown): string | undefined {
  if (typeof node === "string") return inUrl(node);
  if (typeof node !== "object" || node === null) return undefined;
  for (const name of PLACES) {
    if (!(name in node)) continue;
    const value: unknown = Reflect.get(node, name);
    if (typeof value === "string" && NOTHING.has(value)) return `has the ${name} "${value}"`;
    const what = nothingAs(value, name);
    if (what !== undefined) return what;
  }
  return undefined;
}

function nothingAs(value: unknown, name: string): string | undefined {
  const what = name.endsWith("s") ? `has ${name} that are` : `has a ${name} that is`;
  if (value === undefined || value === null) return `${what} ${String(value)}`;
  if (typeof value === "number" && Number.isNaN(value)) return `${what} NaN`;
  return typeof value === "string" && value.trim() === "" ? `${what} empty` : undefined;
}
