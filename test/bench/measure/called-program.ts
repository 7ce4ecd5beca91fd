import { type Program, startProgram } from "../../helpers/process.ts";

/** Nothing that a program is told to do takes longer. */
const LIMIT_MS = 900_000;

/** What a program can be told to do; each takes one argument at most, and gives plain JSON. */
export type Callable<C> = { readonly [K in keyof C]: (argument: never) => Promise<unknown> };

/** How to start a program that is told what to do. */
export interface CalledOptions {
  /** What it finds as its first argument, as JSON. */
  readonly place: unknown;
  /** A folder to which it writes where its processor time went. */
  readonly profile?: string | undefined;
}

/** A program in a process of its own, which does what it is told, see {@link answerCalls}. */
export class CalledProgram<C extends Callable<C> & Leaving> implements AsyncDisposable {
  readonly #program: Program;
  readonly #isProfiled: boolean;
  #asked = 0;

  private constructor(program: Program, isProfiled: boolean) {
    this.#program = program;
    this.#isProfiled = isProfiled;
  }

  /** @param file - Relative to the repository's root. */
  static async start<C extends Callable<C> & Leaving>(
    file: string,
    { place, profile }: CalledOptions,
  ): Promise<CalledProgram<C>> {
    const program = startProgram(file, {
      args: [JSON.stringify(place)],
      nodeArgs:
        profile === undefined
          ? []
          : ["--cpu-prof", `--cpu-prof-dir=${profile}`, "--enable-source-maps"],
    });
    await program.waitFor((message) => message === "ready");
    return new CalledProgram<C>(program, profile !== undefined);
  }

  /** Tells the process to do something, and waits until it has. */
  async call<K extends keyof C>(
    call: K,
    ...[argument]: Parameters<C[K]>
  ): Promise<Awaited<ReturnType<C[K]>>> {
    const id = (this.#asked += 1);
    const from = this.#program.messages.length;
    this.#program.send({ id, call, argument });
    const isAnswer = (message: unknown): message is { result?: unknown; error?: string } =>
      typeof message === "object" && message !== null && "id" in message && message.id === id;
    const options = { from, timeoutMs: LIMIT_MS };
    const { result, error } = await this.#program.waitFor(isAnswer, options);
    if (error !== undefined)
      throw new Error(`${String(call)} failed: ${error} ${this.#program.output()}`);
    return result as Awaited<ReturnType<C[K]>>;
  }

  /** Ends it, without ceremony. Safe to call twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isProfiled && this.#program.isRunning) {
      // Node writes a profile only when it ends by itself.
      await this.call("exit", ...([] as unknown as Parameters<C["exit"]>));
      await this.#program.exited();
    }
    await this.#program[Symbol.asyncDispose]();
  }
}

/** What {@link answerCalls} adds to what a program can do. */
export interface Leaving {
  exit(): Promise<void>;
}

/** A message to a program. */
interface Asked {
  readonly id: number;
  readonly call: string;
  readonly argument: unknown;
}

/** In the program: does what it is told by messages, and answers each. */
export function answerCalls<C extends Callable<C>>(calls: C): void {
  const all: C & Leaving = {
    ...calls,
    exit: async () => void setImmediate(() => process.exit(0)),
  };
  // Its channel does not keep a program alive, see die-with-parent.mjs.
  setInterval(() => undefined, 1 << 30);
  process.on("message", ({ id, call, argument }: Asked) => {
    // The caller knows by its type which argument belongs to which call.
    const work = all[call as keyof typeof all] as (argument: unknown) => Promise<unknown>;
    work(argument).then(
      (result) => process.send?.({ id, result }),
      (error: unknown) => process.send?.({ id, error: String(error) }),
    );
  });
  process.send?.("ready");
}
