import type { Clock } from "../../core/clock.ts";
import type { Administrators } from "./administrators.ts";
import type { Passwords } from "./passwords.ts";
import type { SecondFactors } from "./second-factors.ts";
import type { Tokens } from "./api-tokens.ts";
import { isActiveAdministrator, type User, type UserRecord } from "./user-record.ts";
import type { UserChange, Users } from "./users.ts";

/** How long a password is good for that somebody else made. */
const ONE_TIME_MS = 86_400_000;

interface UserCommandsParts {
  readonly users: Users;
  readonly passwords: Passwords;
  readonly tokens: Tokens;
  readonly administrators: Administrators;
  readonly secondFactors: SecondFactors;
  readonly clock: Clock;
}

/** What administrators do with users. */
export class UserCommands {
  readonly #parts: UserCommandsParts;

  constructor(parts: UserCommandsParts) {
    this.#parts = parts;
  }

  /**
   * Makes a user, with a password for one day that must be changed to sign in: nobody chooses it for somebody else.
   * @throws {@link CronduitError} `USER_EXISTS`
   */
  async create(
    id: string,
    given: Pick<UserRecord, "role" | "teams" | "quotas">,
  ): Promise<{ readonly user: User; readonly oneTimePassword: string }> {
    const user = await this.#parts.users.create(id, given);
    const oneTimePassword = await this.#giveOneTime(user);
    await this.#noteAdministrator(user);
    return { user, oneTimePassword };
  }

  /** Makes the first administrator, who chooses the password. @throws {@link CronduitError} `WEAK_PASSWORD`, `USER_EXISTS` */
  async createAdministrator(id: string, password: string): Promise<User> {
    const { users, passwords } = this.#parts;
    const hash = await passwords.hash(password);
    const user = await users.create(id, { role: "admin", teams: [], quotas: {} });
    await users.setPassword(user, { hash, oneTimeUntil: null });
    await this.#noteAdministrator(user);
    return user;
  }

  /** Makes an administrator who signs in by a link of this machine. @throws {@link CronduitError} `USER_EXISTS` */
  async createWithoutPassword(id: string): Promise<User> {
    const user = await this.#parts.users.create(id, { role: "admin", teams: [], quotas: {} });
    await this.#noteAdministrator(user);
    return user;
  }

  /** @throws {@link CronduitError} `ACCOUNT_NOT_FOUND`, `LAST_ADMINISTRATOR` */
  async change(id: string, change: UserChange): Promise<User> {
    const { users, administrators } = this.#parts;
    const before = await users.require(id);
    const after = { ...before, ...change };
    if (isActiveAdministrator(before) && !isActiveAdministrator(after))
      await administrators.leave(id);
    const user = await users.change(id, ({ epoch }) => ({
      ...change,
      // Enabled again, nobody is signed in from before.
      ...(change.isDisabled === true ? { epoch: epoch + 1 } : {}),
    }));
    await this.#noteAdministrator(user);
    return user;
  }

  /** Removes a user with its tokens and sessions. @throws {@link CronduitError} `ACCOUNT_NOT_FOUND`, `LAST_ADMINISTRATOR` */
  async remove(id: string): Promise<void> {
    const { users, administrators, tokens, secondFactors } = this.#parts;
    const user = await users.require(id);
    if (isActiveAdministrator(user)) await administrators.leave(id);
    await users.remove(id);
    await secondFactors.remove(id);
    await tokens.revokeAllOf(user);
  }

  /** Ends a user's sessions and password, and gives another for one day. @throws {@link CronduitError} `ACCOUNT_NOT_FOUND` */
  async resetPassword(id: string): Promise<string> {
    const { users } = this.#parts;
    const user = await users.require(id);
    await users.endSessions(id);
    return this.#giveOneTime(user);
  }

  /** Ends a user's sessions, and removes a second factor that was lost. @throws {@link CronduitError} `ACCOUNT_NOT_FOUND` */
  async resetSecondFactor(id: string): Promise<void> {
    const { users, secondFactors } = this.#parts;
    await users.require(id);
    await users.endSessions(id);
    await secondFactors.remove(id);
  }

  /** Ends everybody's sessions. @returns whose */
  async endAllSessions(): Promise<number> {
    const { users } = this.#parts;
    let cursor: string | undefined;
    let count = 0;
    do {
      const page = await users.list(cursor, 1_000);
      for (const { id } of page.users) await users.endSessions(id);
      count += page.users.length;
      ({ cursor } = page);
    } while (cursor !== undefined);
    return count;
  }

  async #giveOneTime(user: User): Promise<string> {
    const { users, passwords, clock } = this.#parts;
    const oneTime = passwords.makeOneTime();
    const hash = await passwords.hash(oneTime);
    await users.setPassword(user, { hash, oneTimeUntil: clock.now() + ONE_TIME_MS });
    return oneTime;
  }

  async #noteAdministrator(user: User): Promise<void> {
    if (isActiveAdministrator(user)) await this.#parts.administrators.enter(user.id);
  }
}
