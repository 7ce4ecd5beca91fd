/** What the system's codes mean. */
const WORDS: Readonly<Record<string, string>> = {
  EACCES: "its rights forbid it",
  ECONNREFUSED: "connection refused",
  ECONNRESET: "the connection broke",
  EEXIST: "it is there already",
  EHOSTUNREACH: "there is no way to that host",
  EISDIR: "it is a folder",
  ENOENT: "it is not there",
  ENOTDIR: "a part of the path is no folder",
  ENOTFOUND: "no such host",
  EPERM: "its rights forbid it",
  EPIPE: "the connection broke",
  ETIMEDOUT: "no answer in time",
  UND_ERR_CONNECT_TIMEOUT: "no answer in time",
  UND_ERR_SOCKET: "the connection broke",
};

/** The system's code of an error, or of what is behind it. */
export function systemCodeOf(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const code: unknown = Reflect.get(at, "code");
    if (typeof code === "string") return code;
    const [first] = at instanceof AggregateError ? (at.errors as unknown[]) : [];
    if (first !== undefined) return systemCodeOf(first);
  }
  return undefined;
}

/** Why the system refused, in words. */
export function systemReason(error: unknown): string {
  const code = systemCodeOf(error);
  if (code === undefined) return error instanceof Error ? error.message : String(error);
  return WORDS[code] ?? code;
}
