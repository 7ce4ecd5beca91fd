import { spawn, type ChildProcess } from "node:child_process";
import { EventEmitter } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { compiledPath } from "./compiled.ts";
import { end, type Exit, outputOf, track } from "./children.ts";

/** How to start a program. */
export interface ProgramOptions {
  readonly args?: readonly string[];
  /** Added to this process's environment; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Its working directory. @default the repository's root */
  readonly cwd?: string | undefined;
  /** Arguments for Node itself. */
  readonly nodeArgs?: readonly string[];
  /** Another Node. @default this process's */
  readonly node?: string;
}

/** What to wait for, and for how long. */
export interface WaitOptions {
  /** Wide: it only bounds how long a broken test takes. @default 60 000 */
  readonly timeoutMs?: number;
  /** Only messages from this index on count. @default 0: all since the start */
  readonly from?: number;
}

const ROOT = new URL("../../", import.meta.url);

/**
 * Starts a TypeScript program in its own Node process, without a shell or wrapper: its pid is the program's. Whatever it
 * sends with `process.send`, and each line of JSON that it prints, is a message. It ends when this process does,
 * and its channel to this process does not keep it alive.
 *
 * @param file - Relative to the repository's root.
 */
export function startProgram(file: string, options: ProgramOptions = {}): Program {
  return new Program(file, options);
}

/** A running child program. */
export class Program implements AsyncDisposable {
  readonly pid: number;
  /** All messages so far, oldest first. */
  readonly messages: unknown[] = [];
  readonly #file: string;
  readonly #child: ChildProcess;
  readonly #changes = new EventEmitter().setMaxListeners(0);
  #isClosed = false;
  /** The tail of its output. */
  readonly output: () => string;

  constructor(file: string, options: ProgramOptions) {
    const preload = new URL("die-with-parent.mjs", import.meta.url).href;
    const child = spawn(
      options.node ?? process.execPath,
      ["--import", preload].concat(options.nodeArgs ?? [], compiledPath(file), options.args ?? []),
      {
        cwd: options.cwd ?? fileURLToPath(ROOT),
        env: { ...process.env, ...options.env },
        stdio: ["ignore", "pipe", "pipe", "ipc"],
      },
    );
    if (child.pid === undefined) throw new Error(`${file} could not be started`);
    this.pid = child.pid;
    this.#file = file;
    this.#child = child;
    this.output = outputOf(child);
    track(child, file);
    child.on("message", (message) => this.#receive(message));
    // "close" and not "exit": by then all output has been read.
    child.on("close", () => {
      this.#isClosed = true;
      this.#changes.emit("change");
    });
    if (child.stdout !== null)
      createInterface({ input: child.stdout }).on("line", (line) => this.#readLine(line));
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /**
   * The first message that matches.
   * @throws Error with the end of the program's output if it ends before, or if the time is over.
   */
  waitFor<T>(matches: (message: unknown) => message is T, options?: WaitOptions): Promise<T>;
  waitFor(matches: (message: unknown) => boolean, options?: WaitOptions): Promise<unknown>;
  waitFor(matches: (message: unknown) => boolean, options: WaitOptions = {}): Promise<unknown> {
    const { timeoutMs = 60_000, from = 0 } = options;
    return new Promise((resolve, reject) => {
      const settle = (action: () => void): void => {
        clearTimeout(timer);
        this.#changes.off("change", look);
        action();
      };
      const look = (): void => {
        const at = this.messages.findIndex((message, i) => i >= from && matches(message));
        if (at >= 0) settle(() => resolve(this.messages[at]));
        else if (this.#isClosed) settle(() => reject(this.#failure("ended before it")));
      };
      const timer = setTimeout(
        () => settle(() => reject(this.#failure(`took over ${timeoutMs} ms and had not`))),
        timeoutMs,
      );
      this.#changes.on("change", look);
      look();
    });
  }

  /** Sends a message, which the program receives by `process.on("message")`. */
  send(message: object): void {
    this.#child.send(message);
  }

  /** Sends a signal to exactly this process and waits until it is gone. */
  kill(signal: NodeJS.Signals = "SIGTERM"): Promise<Exit> {
    return end(this.#child, signal);
  }

  /** Sends a signal that does not end a process, such as SIGSTOP. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits until the program exits by itself. */
  async exited(): Promise<Exit> {
    if (this.isRunning) await new Promise((resolve) => this.#child.once("exit", resolve));
    return { code: this.#child.exitCode, signal: this.#child.signalCode };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill("SIGKILL");
  }

  #receive(message: unknown): void {
    this.messages.push(message);
    this.#changes.emit("change");
  }

  #readLine(line: string): void {
    try {
      this.#receive(JSON.parse(line));
    } catch {
      // A line for people; it stands in `output()`.
    }
  }

  #failure(what: string): Error {
    const { exitCode, signalCode } = this.#child;
    const ended = this.#isClosed ? ` It ended with ${signalCode ?? `code ${exitCode}`}.` : "";
    return new Error(
      `${this.#file} ${what} sent the message that was waited for.${ended} Its last messages: ${JSON.stringify(this.messages.slice(-5))}. Its output: ${this.output()}`,
    );
  }
}
