// An empty variable names no server.
const given = process.env["REDIS_URL"] || process.env["DATABASE_URL"] || undefined;
const prefix = process.env["CRONDUIT_PREFIX"] ?? "cronduit-examples";

/** Where the examples of one process run: a server in REDIS_URL or DATABASE_URL, or else the process's own memory. */
export const place = { connection: given ?? "memory:", prefix };
/** Where the examples of several workers run: that server, or a Redis on this machine. */
export const server = { connection: given ?? "redis://127.0.0.1:6379", prefix };
