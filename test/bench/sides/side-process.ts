import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Program, startProgram } from "../../helpers/process.ts";
import type { Calls } from "./side-program.ts";
import type { Place } from "./side.ts";

/** Nothing that a side is told to do takes longer. */
const LIMIT_MS = 900_000;

/** Makes what is measured: the package as it is published. */
export function buildPackage(): void {
  const script = fileURLToPath(new URL("../../../scripts/build.mjs", import.meta.url));
  const { status } = spawnSync(process.execPath, [script], { stdio: "inherit", timeout: 300_000 });
  if (status !== 0) throw new Error("the package could not be built");
}

/** One side in a process of its own. */
export class SideProcess implements AsyncDisposable {
  readonly #program: Program;
  readonly #isProfiled: boolean;
  #asked = 0;

  private constructor(program: Program, isProfiled: boolean) {
    this.#program = program;
    this.#isProfiled = isProfiled;
  }

  /** @param profile - A folder to which it writes where its processor time went. */
  static async start(place: Place, profile?: string): Promise<SideProcess> {
    const program = startProgram("test/bench/sides/side-program.ts", {
      args: [JSON.stringify(place)],
      nodeArgs:
        profile === undefined
          ? []
          : ["--cpu-prof", `--cpu-prof-dir=${profile}`, "--enable-source-maps"],
    });
    await program.waitFor((message) => message === "ready");
    return new SideProcess(program, profile !== undefined);
  }

  /** Tells the process to do something, and waits until it has. */
  async call<C extends keyof Calls>(
    call: C,
    ...[argument]: Parameters<Calls[C]>
  ): Promise<Awaited<ReturnType<Calls[C]>>> {
    const id = (this.#asked += 1);
    const from = this.#program.messages.length;
    this.#program.send({ id, call, argument });
    const isAnswer = (message: unknown): message is { result?: unknown; error?: string } =>
      typeof message === "object" && message !== null && "id" in message && message.id === id;
    const options = { from, timeoutMs: LIMIT_MS };
    const { result, error } = await this.#program.waitFor(isAnswer, options);
    if (error !== undefined) throw new Error(`${call} failed: ${error} ${this.#program.output()}`);
    return result as Awaited<ReturnType<Calls[C]>>;
  }

  /** Ends it, without ceremony. Safe to call twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isProfiled && this.#program.isRunning) {
      await this.call("exit");
      await this.#program.exited();
    }
    await this.#program[Symbol.asyncDispose]();
  }
}
