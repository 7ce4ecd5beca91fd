import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { type UserInfo, userInfo } from "node:os";
import { isAbsolute } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { shown } from "../../core/shown.ts";
import { TaskError } from "../task-error.ts";

const GETENT = "/usr/bin/getent";
const SETPRIV = "/usr/bin/setpriv";
const LOOK_UP_MS = 10_000;

/** A user by name. */
export const userNameSchema = z
  .string()
  .regex(/^[A-Za-z_][\w.@-]{0,127}\$?$/, "is no name of a user");

/** Another user than the worker's, whom a program runs as. */
export interface OtherUser {
  /** The words before the program's, which give up the worker's rights. */
  readonly become: readonly [file: string, ...args: string[]];
  /** What the environment says of this user. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * How to become this user; `undefined` if the worker is.
 * @throws {@link TaskError} `USER_UNAVAILABLE`
 */
export async function becoming(user: string): Promise<OtherUser | undefined> {
  const uid = process.geteuid?.();
  if (worker()?.username === user) return undefined;
  const account = await accountOf(user);
  if (account.uid === uid) return undefined;
  if (uid !== 0)
    throw unavailable(
      user,
      `the worker runs as ${shown(worker()?.username ?? uid)}, and only a worker of root may change to another user`,
    );
  if (
    !(await access(SETPRIV, constants.X_OK).then(
      () => true,
      () => false,
    ))
  )
    throw unavailable(
      user,
      `${SETPRIV} of util-linux is missing, by which a worker of root changes to another user`,
    );
  const ids = [`--reuid=${account.uid}`, `--regid=${account.gid}`, "--init-groups"];
  return {
    become: [SETPRIV, ...ids, "--inh-caps=-all", "--"],
    // As cron has it; an account's own shell may be one that only says no.
    env: { HOME: account.home, USER: user, LOGNAME: user, SHELL: "/bin/sh" },
  };
}

interface Account {
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** From wherever this system has its users, not only from /etc/passwd. */
async function accountOf(user: string): Promise<Account> {
  try {
    const options = { env: {}, timeout: LOOK_UP_MS };
    const { stdout } = await promisify(execFile)(GETENT, ["passwd", user], options);
    const [name, , uid = "", gid = "", , home = ""] = stdout.trim().split(":");
    if (name === user && /^\d+$/.test(uid) && /^\d+$/.test(gid))
      return { uid: Number(uid), gid: Number(gid), home: home || "/" };
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (code !== 2) throw unavailable(user, `${GETENT} could not look for it (${String(code)})`);
  }
  throw unavailable(user, "there is no such user on this machine");
}

/** The home of whom a program runs as. */
export function homeOf(env: Readonly<Record<string, string>>): string {
  const { HOME = "" } = env;
  return isAbsolute(HOME) ? HOME : (worker()?.homedir ?? "/");
}

/** `undefined` in a container that runs as a number without a name. */
function worker(): UserInfo<string> | undefined {
  try {
    return userInfo();
  } catch {
    return undefined;
  }
}

function unavailable(user: string, why: string): TaskError {
  return new TaskError("USER_UNAVAILABLE", `The program is to run as ${shown(user)}: ${why}.`, {
    data: { user },
    retryable: false,
  });
}
