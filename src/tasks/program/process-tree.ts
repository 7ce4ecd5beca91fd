import { readdirSync, readFileSync } from "node:fs";

/** How often to look again for what was started while the others were killed. */
const MAX_PASSES = 10;

/** What the system tells of a process. */
interface Seen {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  /** With the pid it names one process, though pids are used again. */
  readonly startedAt: string;
}

/**
 * A program and all that it started. On Linux also those that have left its group, as `timeout` and shells with job control
 * do, its session, or their parents: those have its mark in their environment. Elsewhere its group.
 */
export class ProcessTree {
  readonly #leader: number;
  readonly #mark: Buffer;
  /** Those that were seen: when their parents are gone, nothing else tells whose they are. */
  readonly #known = new Map<number, string>();

  /**
   * @param leader The first of its session and group.
   * @param mark `NAME=value`, as only its processes have it in their environment.
   */
  constructor(leader: number, mark: string) {
    this.#leader = leader;
    this.#mark = Buffer.from(mark);
  }

  /** Sends a signal to all. */
  signal(signal: NodeJS.Signals): void {
    const members = this.#members();
    this.signalGroup(signal);
    for (const pid of members) send(pid, signal);
  }

  /** Kills all, and what they start meanwhile. */
  kill(): void {
    for (let pass = 0; pass < MAX_PASSES; pass += 1) {
      const members = this.#members();
      this.signalGroup("SIGKILL");
      for (const pid of members) send(pid, "SIGKILL");
      if (members.length === 0) return;
    }
  }

  /** Sends a signal to those that are still in its group. */
  signalGroup(signal: NodeJS.Signals): void {
    send(-this.#leader, signal);
  }

  #members(): number[] {
    const seen = processes();
    const found = new Set(
      seen
        .filter(({ pid, startedAt, session }) => {
          const isKnown = this.#known.get(pid) === startedAt;
          const isOfSession = pid === this.#leader || session === this.#leader;
          return isKnown || isOfSession || hasInEnvironment(pid, this.#mark);
        })
        .map(({ pid }) => pid),
    );
    for (let before = -1; before < found.size;) {
      before = found.size;
      for (const { pid, parent, session } of seen)
        if (found.has(parent) || found.has(session)) found.add(pid);
    }
    for (const { pid, startedAt } of seen) if (found.has(pid)) this.#known.set(pid, startedAt);
    return [...found];
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone.
  }
}

/** Of processes that belong to others, nothing is told. */
function hasInEnvironment(pid: number, mark: Buffer): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`).includes(mark);
  } catch {
    return false;
  }
}

/** All processes of this machine that are alive; none where the system has no /proc. */
function processes(): Seen[] {
  let names: readonly string[];
  try {
    names = readdirSync("/proc");
  } catch {
    return [];
  }
  return names.filter((name) => /^\d+$/.test(name)).flatMap(read);
}

function read(name: string): Seen[] {
  try {
    const text = readFileSync(`/proc/${name}/stat`, "latin1");
    // The name of the program stands in parentheses, and may hold anything.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const [state = "", parent, , session] = fields;
    if (state === "Z" || state === "X") return [];
    const startedAt = fields[19] ?? "";
    return [{ pid: Number(name), parent: Number(parent), session: Number(session), startedAt }];
  } catch {
    return [];
  }
}
