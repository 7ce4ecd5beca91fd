import { z } from "zod";
import type { Clock, EpochMs } from "../../core/clock.ts";
import { CronduitError } from "../../core/errors.ts";
import { changeDocument, type OpenDocuments } from "../open-documents.ts";
import { isSameHash, makeKeyedSecret, readKeyedSecret } from "./keyed-secret.ts";
import type { UserCommands } from "./user-commands.ts";
import { readLogin, type User } from "./user-record.ts";
import type { Users } from "./users.ts";

const KEY = "api/sign-in-link";
const PREFIX = "cdl_";
const VALID_MS = 15 * 60_000;
const recordSchema = z.object({ hash: z.string(), expiresAt: z.number(), user: z.string() });

/** Signs somebody in, once. */
export interface SignInToken {
  /** For the person at this machine alone. */
  readonly token: string;
  readonly expiresAt: EpochMs;
}

/** The way in for the person who started the server: a token that was made in its process, for a browser on the same machine. */
export class SignInLinks {
  readonly #open: OpenDocuments;
  readonly #clock: Clock;
  readonly #users: Users;
  readonly #commands: UserCommands;

  constructor(open: OpenDocuments, clock: Clock, users: Users, commands: UserCommands) {
    this.#open = open;
    this.#clock = clock;
    this.#users = users;
    this.#commands = commands;
  }

  /**
   * Makes a token, which replaces the one before.
   * @param login Whose. A user who is not there is made when the token is used: an administrator without a password.
   * @throws {@link CronduitError} `INVALID_OPTION`
   */
  async makeToken(login: string): Promise<SignInToken> {
    const user = readLogin(login);
    if (user === undefined)
      throw new CronduitError(
        "INVALID_OPTION",
        "signInToken, login: is no name that a user can have.",
        { data: { path: "login" } },
      );
    const { text, hash } = makeKeyedSecret(PREFIX, KEY);
    const expiresAt = this.#clock.now() + VALID_MS;
    await changeDocument(await this.#open(), KEY, () => ({
      value: { hash, expiresAt, user },
      options: { expiresAt, stays: true },
    }));
    return { token: text, expiresAt };
  }

  /** Uses a token up. @returns `undefined` if it is not good, or its user may not sign in */
  async use(text: string): Promise<User | undefined> {
    const secret = readKeyedSecret(PREFIX, text);
    const stored = await (await this.#open()).get(KEY);
    if (!secret || !stored) return undefined;
    const { hash, expiresAt, user: id } = recordSchema.parse(stored.value);
    if (!isSameHash(hash, secret.hash) || expiresAt <= this.#clock.now()) return undefined;
    // Of two who use it at once, one deletes it.
    const { outcome } = await (await this.#open()).delete(KEY, stored.revision);
    if (outcome !== "deleted") return undefined;
    const user = (await this.#users.get(id)) ?? (await this.#commands.createWithoutPassword(id));
    return user.isDisabled ? undefined : user;
  }
}
