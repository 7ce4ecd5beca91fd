import type { Edit } from "../history/job-spec.ts";
import { type Program, startProgram } from "../../helpers/process.ts";
import type { Journal } from "../program/journal.ts";
import { realNow } from "../program/journal.ts";
import type { ProgramSettings } from "../program/settings.ts";
import { pass } from "./chaos-server.ts";

const START_LIMIT_MS = 60_000;
const MAX_STARTS = 5;

/** A slot in the fleet that always has a process, except while it is being replaced. */
export class Slot {
  readonly role: "worker" | "scheduler";
  readonly #settings: ProgramSettings;
  readonly #journal: Journal;
  #program: Program | undefined;
  /** Whether a fault is being injected into it. */
  isBusy = false;
  /** Edits that its client hasn't answered. */
  readonly #asked = new Map<number, Edit>();
  #isEnded = false;

  constructor(role: Slot["role"], settings: ProgramSettings, journal: Journal) {
    this.role = role;
    this.#settings = settings;
    this.#journal = journal;
  }

  get pid(): number {
    return this.#program?.pid ?? 0;
  }

  get isIdle(): boolean {
    return this.#asked.size === 0;
  }

  async start(skewMs = 0): Promise<void> {
    for (let tries = 1; !this.#isEnded; tries += 1) {
      const settings: ProgramSettings = { ...this.#settings, skewMs };
      const program = startProgram(`test/chaos/program/${this.role}-program.ts`, {
        args: [JSON.stringify(settings)],
      });
      this.#program = program;
      try {
        await program.waitFor((message) => has(message, "ready"), { timeoutMs: START_LIMIT_MS });
        void this.#watch(program);
        break;
      } catch (error) {
        // A process that found no server at its start has exited; the server will come back.
        await this.#bury(program);
        if (tries >= MAX_STARTS && !this.#isEnded) throw error;
      }
    }
    if (this.role === "scheduler") for (const edit of this.#asked.values()) this.#send({ edit });
  }

  /** Kills the process without warning, and starts another after a while. */
  async exchange(downMs: number): Promise<string | undefined> {
    const program = this.#program;
    if (!program) return undefined;
    const signal = await this.#bury(program);
    await pass(downMs);
    await this.start();
    return signal === "SIGKILL" ? `pid ${program.pid} became ${this.pid}` : undefined;
  }

  async suspend(ms: number): Promise<void> {
    const program = this.#program;
    program?.signal("SIGSTOP");
    await pass(ms);
    program?.signal("SIGCONT");
  }

  tell(message: object): void {
    this.#send(message);
  }

  /** Asks its client for an edit; if the process dies, its successor gets it. */
  ask(edit: Edit): void {
    this.#asked.set(edit.id, edit);
    this.#send({ edit });
  }

  /** Forgets the edits that were answered. */
  collect(): void {
    if (this.#program) this.#collect(this.#program);
  }

  #collect({ messages }: Program): void {
    for (const message of messages) {
      if (typeof message === "object" && message !== null && "done" in message)
        this.#asked.delete(Number(message.done));
    }
  }

  async end(): Promise<void> {
    this.#isEnded = true;
    if (this.#program) await this.#bury(this.#program);
  }

  /** Reports a process that exits although nobody killed it, and replaces it. */
  async #watch(program: Program): Promise<void> {
    await program.exited();
    if (this.#program !== program) return;
    const text = program.output().slice(-500);
    this.#journal.write({ what: "crash", at: realNow(), crashed: program.pid, text });
    await this.#bury(program);
    await this.start();
  }

  async #bury(program: Program): Promise<NodeJS.Signals | null> {
    this.#collect(program);
    // From here on nobody talks to it.
    if (this.#program === program) this.#program = undefined;
    const { signal } = await program.kill("SIGKILL");
    this.#collect(program);
    this.#journal.write({ what: "dead", at: realNow(), dead: program.pid });
    return signal;
  }

  #send(message: object): void {
    // Without a process, the next one gets the request again.
    if (this.#program?.isRunning) this.#program.send(message);
  }
}

function has(message: unknown, key: string): boolean {
  return typeof message === "object" && message !== null && key in message;
}

/** All child processes of a run. */
export class ChaosFleet implements AsyncDisposable {
  readonly workers: readonly Slot[];
  readonly schedulers: readonly Slot[];

  constructor(settings: ProgramSettings, workers: number, journal: Journal) {
    this.workers = Array.from({ length: workers }, () => new Slot("worker", settings, journal));
    this.schedulers = [0, 1].map(() => new Slot("scheduler", settings, journal));
  }

  async start(): Promise<void> {
    await Promise.all([...this.schedulers, ...this.workers].map((slot) => slot.start()));
  }

  /** A slot without a current fault, `wanted` if possible. */
  free(role: Slot["role"], wanted: number): Slot | undefined {
    const slots = role === "worker" ? this.workers : this.schedulers;
    return slots
      .map((_, i) => slots[(wanted + i) % slots.length])
      .find((slot) => slot && !slot.isBusy);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.schedulers, ...this.workers].map((slot) => slot.end()));
  }
}
