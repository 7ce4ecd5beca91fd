import { execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { end, outputOf, track } from "./children.ts";
import { answers, postgresUser } from "./postgres-server.ts";
import { freePort } from "./redis-server.ts";

const START_LIMIT_MS = 20_000;
const MISSING =
  "These tests need PgBouncer: install it, e.g. `apt-get install pgbouncer`, so that pgbouncer stands in PATH or under /usr/sbin.";

function findBinary(): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin"];
  return folders.map((folder) => join(folder, "pgbouncer")).find((path) => existsSync(path));
}

/** Installs it where that is possible: as root on Debian. */
function binary(): string {
  const found = findBinary();
  if (found !== undefined) return found;
  if (process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    const options = { stdio: "ignore", timeout: 300_000 } as const;
    try {
      execFileSync("apt-get", ["update"], options);
      execFileSync("apt-get", ["install", "-y", "--no-install-recommends", "pgbouncer"], options);
    } catch {
      throw new Error(MISSING);
    }
  }
  const installed = findBinary();
  if (installed === undefined) throw new Error(MISSING);
  return installed;
}

/** A PgBouncer in front of a server. */
export interface PgBouncer extends AsyncDisposable {
  readonly url: string;
}

/**
 * Starts a PgBouncer with stock settings, except for those given.
 * @param serverUrl Of a server that trusts everybody on this machine.
 */
export async function startPgBouncer(
  serverUrl: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<PgBouncer> {
  const bin = binary();
  const dir = await mkdtemp(join(tmpdir(), "cronduit-pgbouncer-"));
  const server = new URL(serverUrl);
  const port = await freePort();
  await writeFile(join(dir, "users"), `"${server.username}" ""\n`);
  const all = {
    listen_addr: "127.0.0.1",
    listen_port: String(port),
    unix_socket_dir: "",
    auth_type: "trust",
    auth_file: join(dir, "users"),
    ...settings,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`);
  const databases = `[databases]\n* = host=127.0.0.1 port=${server.port}\n`;
  await writeFile(join(dir, "pgbouncer.ini"), `${databases}[pgbouncer]\n${lines.join("\n")}\n`);
  // It refuses to run as root.
  const as = postgresUser();
  if (as)
    for (const name of ["", "users", "pgbouncer.ini"]) chownSync(join(dir, name), as.uid, as.gid);
  const child = spawn(bin, [join(dir, "pgbouncer.ini")], {
    stdio: ["ignore", "pipe", "pipe"],
    cwd: dir,
    ...as,
  });
  const output = outputOf(child);
  track(child, "pgbouncer");
  const until = Date.now() + START_LIMIT_MS;
  while (!(await answers(port))) {
    if (child.exitCode !== null || Date.now() > until)
      throw new Error(`pgbouncer did not start: ${output()}`);
    await sleep(20);
  }
  server.port = String(port);
  return {
    url: server.href,
    async [Symbol.asyncDispose]() {
      await end(child, "SIGTERM");
      await rm(dir, { recursive: true, force: true });
    },
  };
}
