import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { end } from "../../scripts/children.ts";
import type { Workspace } from "./workspace.ts";

const PROGRAM = fileURLToPath(new URL("worker.ts", import.meta.url));

/** The worker processes of the demo. */
export class Fleet {
  readonly #byId = new Map<string, { readonly name: string; readonly child: ChildProcess }>();
  readonly #children: ChildProcess[] = [];

  /** Starts worker processes and waits until they accept runs. */
  async start(count: number, workspace: Workspace): Promise<void> {
    const begin = async (name: string): Promise<void> => {
      const child = fork(PROGRAM, [JSON.stringify(workspace)]);
      this.#children.push(child);
      const failed = once(child, "exit").then(([code]) => {
        throw new Error(`${name} exited at startup with code ${code}`);
      });
      const [id] = (await Promise.race([once(child, "message"), failed])) as [string];
      failed.catch(() => undefined);
      this.#byId.set(id, { name, child });
    };
    await Promise.all(Array.from({ length: count }, (_, i) => begin(`worker ${i + 1}`)));
  }

  /** The short name of a worker. */
  nameOf(workerId: string): string {
    return this.#byId.get(workerId)?.name ?? workerId;
  }

  /** Kills a worker process with SIGKILL. */
  async kill(workerId: string): Promise<void> {
    const child = this.#byId.get(workerId)?.child;
    if (child) await end(child, "SIGKILL");
  }

  /** Stops all workers once their runs have finished. */
  async stop(): Promise<void> {
    await Promise.all(this.#children.map((child) => end(child, "SIGTERM")));
  }
}
