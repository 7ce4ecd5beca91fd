// Where the examples run: the server in REDIS_URL, or one on this machine; keys begin with CRONDUIT_PREFIX.
export const place = {
  connection: process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379",
  prefix: process.env["CRONDUIT_PREFIX"] ?? "cronduit-examples",
};
