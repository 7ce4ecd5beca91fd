import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { end } from "../../scripts/children.ts";
import type { ApplicationOptions, Ready } from "./application.ts";
import { Screen } from "./screen.ts";
import type { Workspace } from "./workspace.ts";
import { KILL_AFTER_MS, until } from "./sequence.ts";

const PROGRAM = fileURLToPath(new URL("application.ts", import.meta.url));

/**
 * The demo with nothing but Node: scheduler, worker and database live in one process, which is killed in the middle of
 * a run and restarted in the same folder.
 * @returns Whether the account adds up.
 */
export async function runEmbedded(workspace: Workspace, signal: AbortSignal): Promise<boolean> {
  const screen = new Screen(workspace.begunAt);
  const children: ChildProcess[] = [];
  const start = (options: Omit<ApplicationOptions, "workspace">): ChildProcess => {
    const child = fork(PROGRAM, [JSON.stringify({ workspace, ...options })]);
    children.push(child);
    return child;
  };
  try {
    screen.say("starting PostgreSQL inside a process; the first start takes a few seconds");
    const first = start({ name: "process 1" });
    const { from } = await readyOf(first, signal);
    await until(KILL_AFTER_MS, { from, folder: workspace.folder, signal });
    screen.say('SIGKILL to process 1, in the middle of "watch"');
    await end(first, "SIGKILL");
    screen.say("restarting in the same folder");
    const second = start({ name: "process 2", from });
    await once(second, "exit", { signal });
    return second.exitCode === 0;
  } finally {
    await Promise.all(children.map((child) => end(child, "SIGKILL")));
  }
}

async function readyOf(child: ChildProcess, signal: AbortSignal): Promise<Ready> {
  const ended = once(child, "exit", { signal }).then(([code]) => {
    throw new Error(`The application exited at startup with code ${code}`);
  });
  const [ready] = (await Promise.race([once(child, "message", { signal }), ended])) as [Ready];
  ended.catch(() => undefined);
  return ready;
}
