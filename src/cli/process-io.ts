import { userInfo } from "node:os";
import { systemClock } from "../core/clock.ts";
import { EXIT } from "./exit-codes.ts";
import type { Io, Output } from "./io.ts";

/** This process, for a command. Whoever reads what it writes may stop reading: that ends it, and is no error. */
export function processIo(): Io {
  const { stdout, stderr, stdin, env } = process;
  const ended = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => {
      if (ended.signal.aborted) process.exit(EXIT.interrupt);
      ended.abort();
    });
  return {
    stdout: outputOf(stdout),
    stderr: outputOf(stderr),
    stdin,
    env,
    cwd: process.cwd(),
    columns: stdout.isTTY ? stdout.columns : undefined,
    userName: nameOfUser(),
    uid: process.getuid?.(),
    clock: systemClock,
    signal: ended.signal,
  };
}

function outputOf(stream: NodeJS.WriteStream): Output {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // `cronduit … | head`: nobody reads on.
    if (error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED") process.exit(EXIT.ok);
    throw error;
  });
  return {
    write: (text) => void stream.write(text),
    isTerminal: stream.isTTY,
  };
}

function nameOfUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A user id without a name, as in containers.
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
