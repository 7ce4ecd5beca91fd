// An empty variable names no server.
const given = process.env["REDIS_URL"] || process.env["DATABASE_URL"] || undefined;
const prefix = process.env["CRONDUIT_PREFIX"] ?? "cronduit-examples";

/** Where single-process examples keep their state: the server in REDIS_URL or DATABASE_URL, or the process's own memory. */
export const place = { connection: given ?? "memory:", prefix };
/** Where examples with several workers keep it: that server, or a Redis on this machine. */
export const server = { connection: given ?? "redis://127.0.0.1:6379", prefix };
