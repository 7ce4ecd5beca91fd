import type { Clock, EpochMs } from "../../core/clock.ts";
import { CronduitError } from "../../core/errors.ts";
import type { AuditLog } from "./audit-log.ts";
import type { Attempt, LockOut } from "./lock-out.ts";
import type { CodeSecret } from "./one-time-codes.ts";
import type { Passwords } from "./passwords.ts";
import type { SecondFactors } from "./second-factors.ts";
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
  readonly secondFactors: SecondFactors;
  /** Whose password is not enough. */
  readonly mustHaveSecond: (user: User) => boolean;
}

/** A right name and password, which may not be all that is needed. */
interface Checked {
  readonly user: User;
  readonly password: PasswordRecord;
  readonly attempt: Attempt;
  readonly hasSecond: boolean;
}

/** What else is sent to sign in. */
export interface SignInMore {
  /** Becomes the password at once; necessary after a reset. */
  readonly newPassword: string | undefined;
  /** Of the authenticator app, or a recovery code. */
  readonly code: string | undefined;
}

/** Who signed in, and by what. */
export interface SignedIn {
  readonly user: User;
  /** Whether a code was necessary, and right. */
  readonly byCode: boolean;
}

/** Checks and changes passwords of people who know them. */
export class SignIn {
  readonly #parts: SignInParts;

  constructor(parts: SignInParts) {
    this.#parts = parts;
  }

  /**
   * The user whose name and password these are, and whose code, if there is a second factor. Whatever is wrong, the answer is the
   * same, and takes the same work; that a code is missing is told only to who knows the password.
   * @throws {@link CronduitError} `NOT_AUTHENTICATED`, `TOO_MANY_ATTEMPTS`, `SECOND_FACTOR_REQUIRED`, `PASSWORD_CHANGE_REQUIRED`,
   * `WEAK_PASSWORD`
   */
  async signIn(given: GivenPassword, { newPassword, code }: SignInMore): Promise<SignedIn> {
    const checked = await this.#check(given);
    const { hasSecond } = checked;
    if (hasSecond && code === undefined) throw await this.#missing(checked);
    // Before the code is used up: it is good once, and they come back with it.
    await this.#requireChange(checked, given, newPassword);
    if (hasSecond && code !== undefined) await this.#useCode(checked, given, code);
    await checked.attempt.succeeded();
    let { user } = checked;
    if (newPassword !== undefined) user = await this.#change(user, newPassword);
    if (!hasSecond && this.#parts.mustHaveSecond(user))
      throw new CronduitError(
        "SECOND_FACTOR_REQUIRED",
        "This account needs a second factor: set one up with POST /second-factor, then sign in with a code.",
        { data: { path: "code", isSetUp: false } },
      );
    return { user, byCode: hasSecond };
  }

  /** Makes sure that it is who it was, by the password alone. @throws {@link CronduitError} `NOT_AUTHENTICATED`, `TOO_MANY_ATTEMPTS` */
  async confirm(given: GivenPassword): Promise<void> {
    await this.#checkPassword(given);
  }

  /** Changes a password, and ends all sessions. @throws as {@link signIn} */
  async changePassword(given: GivenPassword, newPassword: string): Promise<User> {
    const { user } = await this.#checkPassword(given);
    await this.#requireNew(user, given.password, newPassword);
    return this.#change(user, newPassword);
  }

  /** Makes a second factor's secret for who knows the password. @throws as {@link signIn}, and `INVALID_STATE` */
  async beginSecond(given: GivenPassword): Promise<{ user: User; made: CodeSecret }> {
    const { user, password, attempt } = await this.#check(given);
    await attempt.withdraw();
    requireOwnPassword(password);
    return { user, made: await this.#parts.secondFactors.begin(user) };
  }

  /** Turns it on by a code, and ends all sessions. @returns with the recovery codes @throws as {@link signIn} */
  async confirmSecond(
    given: GivenPassword,
    code: string,
  ): Promise<{ user: User; recoveryCodes: string[] }> {
    const { user, attempt } = await this.#check(given);
    const recoveryCodes = await this.#parts.secondFactors.confirm(user, code);
    if (!recoveryCodes) throw await this.#refused(given, user, "wrong code");
    await attempt.succeeded();
    await this.#parts.users.endSessions(user.id);
    return { user, recoveryCodes };
  }

  /** Removes it, by a code, and ends all sessions. @throws as {@link signIn} */
  async removeSecond(given: GivenPassword, code: string): Promise<User> {
    const checked = await this.#check(given);
    await this.#useCode(checked, given, code);
    await checked.attempt.succeeded();
    const { user } = checked;
    await this.#parts.secondFactors.remove(user.id);
    await this.#parts.users.endSessions(user.id);
    return user;
  }

  /** It forgives no wrong codes: else asking without one in between would be a way around. */
  async #missing({ attempt }: Checked): Promise<CronduitError> {
    await attempt.withdraw();
    return new CronduitError(
      "SECOND_FACTOR_REQUIRED",
      "A code is missing: that of the authenticator app, or a recovery code.",
      { data: { path: "code", isSetUp: true } },
    );
  }

  async #useCode({ user }: Checked, given: GivenPassword, code: string): Promise<void> {
    if (!(await this.#parts.secondFactors.use(user, code)))
      throw await this.#refused(given, user, "wrong code");
  }

  /** By the password alone. */
  async #checkPassword(given: GivenPassword): Promise<Checked> {
    const checked = await this.#check(given);
    await forgive(checked);
    return checked;
  }

  /** A password by which nobody may go on, or a new one that is not good. @throws {@link CronduitError} as {@link signIn} */
  async #requireChange(
    checked: Checked,
    given: GivenPassword,
    newPassword: string | undefined,
  ): Promise<void> {
    try {
      if (newPassword === undefined) requireOwnPassword(checked.password);
      else await this.#requireNew(checked.user, given.password, newPassword);
    } catch (error) {
      await forgive(checked);
      throw error;
    }
  }

  /** @throws {@link CronduitError} `WEAK_PASSWORD` */
  async #requireNew(user: User, old: string, next: string): Promise<void> {
    await this.#parts.passwords.requireStrong(next, user.id);
    if (next === old)
      throw new CronduitError("WEAK_PASSWORD", "The new password is the old one.", {
        data: { path: "newPassword" },
      });
  }

  async #check(given: GivenPassword): Promise<Checked> {
    const { users, passwords, lockOut, clock, secondFactors } = this.#parts;
    const { login } = given;
    const id = readLogin(login);
    const attempt = await lockOut.begin(id ?? login.toLowerCase(), given.address);
    // A name that nobody can have is looked up like one that nobody has.
    const { user, password } = await users.getWithPassword(id ?? "-");
    const { state } = await secondFactors.stateOf(id ?? "-", user);
    const isRight = await passwords.verify(password?.hash, given.password);
    const problem = isRight ? problemOf(user, password, clock.now()) : "wrong password";
    if (problem !== undefined || !user || !password)
      throw await this.#refused(given, user, problem);
    return { user, password, attempt, hasSecond: state === "on" };
  }

  async #refused(
    { address }: GivenPassword,
    user: User | undefined,
    detail: string | undefined,
  ): Promise<CronduitError> {
    await this.#parts.audit.write({
      action: "sign-in-failed",
      by: null,
      address,
      user: user?.id ?? null,
      detail: detail ?? null,
    });
    return new CronduitError(
      "NOT_AUTHENTICATED",
      "The name, the password or the code is wrong, or the account can't be used.",
    );
  }

  async #change(user: User, next: string): Promise<User> {
    const { users, passwords } = this.#parts;
    const hash = await passwords.hash(next);
    // First, so that no session outlives the password by which it began.
    await users.endSessions(user.id);
    await users.setPassword(user, { hash, oneTimeUntil: null });
    return users.require(user.id);
  }
}

/** The password was right; where there is a second factor, that forgives no wrong codes. */
function forgive({ attempt, hasSecond }: Checked): Promise<void> {
  return hasSecond ? attempt.withdraw() : attempt.succeeded();
}

/** @throws {@link CronduitError} `PASSWORD_CHANGE_REQUIRED` */
function requireOwnPassword({ oneTimeUntil }: PasswordRecord): void {
  if (oneTimeUntil === null) return;
  throw new CronduitError(
    "PASSWORD_CHANGE_REQUIRED",
    "This password was made by an administrator: choose one of your own.",
    { data: { path: "newPassword" } },
  );
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
