import { randomUUID } from "node:crypto";
import { link, readFile, readlink, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { type Clock, keepAlive, sleep } from "../../core/clock.ts";
import { CronduitError } from "../../core/errors.ts";

const FILE = "cronduit.lock";
const TOUCH_MS = 5_000;
/** Another machine's lock that hasn't been touched for this long belongs to a dead process. */
const FOREIGN_STALE_MS = 20_000;
const LOOK_MS = 500;
const MAX_TRIES = 5;

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** The pid namespace on Linux: containers that share a host name differ in it. */
  readonly space?: string | null;
  /** The process's start time in kernel ticks, which tells it from a later process with the same pid. */
  readonly started: string | null;
}

/** Releases a folder. */
export type Unlock = () => Promise<void>;

/**
 * Ensures that one process at a time uses a folder, and takes over the lock of a dead one.
 * @throws {@link CronduitError} `FOLDER_IN_USE`
 */
export async function lockFolder(folder: string, clock: Clock): Promise<Unlock> {
  const path = join(folder, FILE);
  const own = `${path}.${randomUUID()}`;
  const holder: Holder = {
    pid: process.pid,
    host: hostname(),
    space: await ownSpace(),
    started: await startOf(process.pid),
  };
  await writeFile(own, JSON.stringify(holder));
  try {
    for (let tries = 0; !(await tryLink(own, path)); tries += 1) {
      const text = await readFile(path, "utf8").catch(() => undefined);
      if (text === undefined) continue;
      if (tries >= MAX_TRIES || (await isHeld(text, path, clock))) throw inUse(folder, text);
      await removeStale(path, text);
    }
  } finally {
    await rm(own, { force: true });
  }
  const ended = new AbortController();
  void keepTouching(path, clock, ended.signal);
  return async () => {
    if (ended.signal.aborted) return;
    ended.abort();
    await rm(path, { force: true });
  };
}

/** Creating a hard link fails if the file exists, atomically on every file system. */
async function tryLink(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

async function isHeld(text: string, path: string, clock: Clock): Promise<boolean> {
  let holder: Holder;
  try {
    holder = JSON.parse(text) as Holder;
  } catch {
    // Half written by a process that died.
    return false;
  }
  const isOurs = holder.host === hostname() && (holder.space ?? null) === (await ownSpace());
  // Nobody can ask another machine, or another container, for its processes; a living one touches its lock.
  if (!isOurs) return isTouched(path, clock);
  return isAlive(holder.pid) && (await startOf(holder.pid)) === holder.started;
}

/** Whether somebody touches a lock. Says yes as soon as it is seen, and no after a while; two machines' clocks may differ. */
async function isTouched(path: string, clock: Clock): Promise<boolean> {
  const touchedAt = async (): Promise<number | undefined> =>
    stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined,
    );
  const first = await touchedAt();
  for (const until = clock.elapsed() + FOREIGN_STALE_MS; clock.elapsed() < until;) {
    await keepAlive(sleep(clock, LOOK_MS));
    const now = await touchedAt();
    if (now === undefined) return false;
    if (now !== first) return true;
  }
  return false;
}

/** Absent where there is no /proc. */
function ownSpace(): Promise<string | null> {
  return readlink("/proc/self/ns/pid").catch(() => null);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It is there and belongs to another user.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Field 22 of /proc/<pid>/stat; `null` where there is no such file. */
async function startOf(pid: number): Promise<string | null> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The second field is the program's name, which may hold blanks and brackets.
  return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? null;
}

/** Moves the lock away, and looks at what it moved: another process may have taken over meanwhile. */
async function removeStale(path: string, stale: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  if ((await readFile(aside, "utf8")) !== stale) await tryLink(aside, path);
  await rm(aside, { force: true });
}

async function keepTouching(path: string, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(clock, TOUCH_MS, signal);
    if (signal.aborted) return;
    const now = new Date(clock.now());
    await utimes(path, now, now).catch(() => undefined);
  }
}

function inUse(folder: string, text: string): CronduitError {
  let by = "another process";
  let remedy = "The embedded engine serves one process; for several use postgres:// or redis://.";
  try {
    const { pid, host } = JSON.parse(text) as Holder;
    by = `process ${pid} on ${host}`;
    if (pid === process.pid && host === hostname()) {
      by = "another scheduler or worker in this process";
      remedy = "Share that scheduler, or use postgres:// or redis:// for several.";
    }
  } catch {
    // The text says nothing.
  }
  return new CronduitError(
    "FOLDER_IN_USE",
    `The folder "${folder}" is in use by ${by}. ${remedy}`,
    { data: { folder } },
  );
}
