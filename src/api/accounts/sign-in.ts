import type { Clock, EpochMs } from "../../core/clock.ts";
import { CronduitError } from "../../core/errors.ts";
import type { AuditLog } from "./audit-log.ts";
import type { Attempt, LockOut } from "./lock-out.ts";
import type { Passwords } from "./passwords.ts";
import { type PasswordRecord, readLogin, type User } from "./user-record.ts";
import type { Users } from "./users.ts";

/** A name and its password, as somebody wrote them. */
export interface GivenPassword {
  readonly login: string;
  readonly password: string;
  /** Where from. */
  readonly address: string;
}

interface SignInParts {
  readonly users: Users;
  readonly passwords: Passwords;
  readonly lockOut: LockOut;
  readonly audit: AuditLog;
  readonly clock: Clock;
}

/** Checks and changes passwords of people who know them. */
export class SignIn {
  readonly #parts: SignInParts;

  constructor(parts: SignInParts) {
    this.#parts = parts;
  }

  /**
   * The user whose name and password these are. Whatever is wrong, the answer is the same, and takes the same work.
   * @param newPassword Becomes the password at once; necessary after a reset.
   * @throws {@link CronduitError} `NOT_AUTHENTICATED`, `TOO_MANY_ATTEMPTS`, `PASSWORD_CHANGE_REQUIRED`, `WEAK_PASSWORD`
   */
  async signIn(given: GivenPassword, newPassword: string | undefined): Promise<User> {
    const { user, password } = await this.#check(given);
    if (newPassword !== undefined) return this.#change(user, given.password, newPassword);
    if (password.oneTimeUntil === null) return user;
    throw new CronduitError(
      "PASSWORD_CHANGE_REQUIRED",
      "This password was made by an administrator: choose one of your own.",
      { data: { path: "newPassword" } },
    );
  }

  /** Changes a password, and ends all sessions. @throws as {@link signIn} */
  async changePassword(given: GivenPassword, newPassword: string): Promise<User> {
    const { user } = await this.#check(given);
    return this.#change(user, given.password, newPassword);
  }

  async #check({ login, password: given, address }: GivenPassword) {
    const { users, passwords, lockOut, audit, clock } = this.#parts;
    const id = readLogin(login);
    const attempt: Attempt = await lockOut.begin(id ?? login.toLowerCase(), address);
    // A name that nobody can have is looked up like one that nobody has.
    const { user, password } = await users.getWithPassword(id ?? "-");
    const isRight = await passwords.verify(password?.hash, given);
    const problem = isRight ? problemOf(user, password, clock.now()) : "wrong password";
    if (problem !== undefined || !user || !password) {
      const whose = user?.id ?? null;
      await audit.write({
        action: "sign-in-failed",
        by: null,
        address,
        user: whose,
        detail: problem ?? null,
      });
      throw new CronduitError(
        "NOT_AUTHENTICATED",
        "The name or the password is wrong, or the account can't be used.",
      );
    }
    await attempt.succeeded();
    return { user, password };
  }

  async #change(user: User, old: string, next: string): Promise<User> {
    const { users, passwords } = this.#parts;
    await passwords.requireStrong(next, user.id);
    if (next === old)
      throw new CronduitError("WEAK_PASSWORD", "The new password is the old one.", {
        data: { path: "newPassword" },
      });
    const hash = await passwords.hash(next);
    // First, so that no session outlives the password by which it began.
    await users.endSessions(user.id);
    await users.setPassword(user, { hash, oneTimeUntil: null });
    return users.require(user.id);
  }
}

/** Why a right password does not help; for the audit alone. */
function problemOf(
  user: User | undefined,
  password: PasswordRecord | undefined,
  now: EpochMs,
): string | undefined {
  if (user?.isDisabled) return "disabled";
  const until = password?.oneTimeUntil ?? null;
  return until !== null && until <= now ? "one-time password has expired" : undefined;
}
