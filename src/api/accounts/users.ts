import { randomUUID } from "node:crypto";
import type { Clock } from "../../core/clock.ts";
import { CronduitError } from "../../core/errors.ts";
import { changeDocument, type OpenDocuments } from "../open-documents.ts";
import {
  type PasswordRecord,
  readPassword,
  readUser,
  type User,
  type UserRecord,
} from "./user-record.ts";

const USERS = "api/users/";
const PASSWORDS = "api/passwords/";

/** What can be changed of a user. */
export type UserChange = Partial<Pick<UserRecord, "role" | "teams" | "isDisabled" | "quotas">>;

/** One page of users. */
export interface UserPage {
  readonly users: readonly User[];
  readonly cursor: string | undefined;
}

/** Users and their passwords, as documents. */
export class Users {
  readonly #open: OpenDocuments;
  readonly #clock: Clock;

  constructor(open: OpenDocuments, clock: Clock) {
    this.#open = open;
    this.#clock = clock;
  }

  /** The key of a user's document, to be read together with others. */
  keyOf(id: string): string {
    return `${USERS}${id}`;
  }

  async get(id: string): Promise<User | undefined> {
    const stored = await (await this.#open()).get(this.keyOf(id));
    return stored && readUser(id, stored.value);
  }

  /** @throws {@link CronduitError} `ACCOUNT_NOT_FOUND` */
  async require(id: string): Promise<User> {
    const user = await this.get(id);
    if (!user) throw noSuchUser(id);
    return user;
  }

  /** A user and its password, if it has one that is its own and not a former user's. */
  async getWithPassword(
    id: string,
  ): Promise<{ readonly user: User | undefined; readonly password: PasswordRecord | undefined }> {
    const documents = await this.#open();
    const [first, second] = await documents.getMany([this.keyOf(id), `${PASSWORDS}${id}`]);
    const user = first && readUser(id, first.value);
    const password = second && readPassword(second.value);
    return { user, password: password?.uid === user?.uid ? password : undefined };
  }

  /** In the order of their names. */
  async list(cursor: string | undefined, limit: number): Promise<UserPage> {
    const page = await (await this.#open()).list(USERS, cursor, limit);
    return {
      users: page.documents.map(({ key, value }) => readUser(key.slice(USERS.length), value)),
      cursor: page.cursor,
    };
  }

  /** @throws {@link CronduitError} `USER_EXISTS` */
  async create(id: string, given: Pick<UserRecord, "role" | "teams" | "quotas">): Promise<User> {
    const { role, teams, quotas } = given;
    const record: UserRecord = {
      uid: randomUUID(),
      role,
      teams,
      isDisabled: false,
      createdAt: this.#clock.now(),
      epoch: 1,
      quotas,
    };
    const documents = await this.#open();
    const { outcome } = await documents.putIfRevision(this.keyOf(id), record, "absent");
    if (outcome === "stored") return { id, ...record };
    throw new CronduitError("USER_EXISTS", `There is a user "${id}" already.`);
  }

  /** @throws {@link CronduitError} `ACCOUNT_NOT_FOUND` */
  async change(id: string, change: (user: User) => UserChange | { epoch: number }): Promise<User> {
    const stored = await changeDocument(await this.#open(), this.keyOf(id), (present) => {
      if (!present) throw noSuchUser(id);
      const { id: _, ...record } = readUser(id, present.value);
      return { value: { ...record, ...change({ id, ...record }) } };
    });
    if (!stored) throw noSuchUser(id);
    return { id, ...stored };
  }

  /** Ends all sessions of a user: those that began before are of an earlier epoch. */
  async endSessions(id: string): Promise<void> {
    await this.change(id, ({ epoch }) => ({ epoch: epoch + 1 }));
  }

  async setPassword(user: User, record: Omit<PasswordRecord, "uid" | "changedAt">): Promise<void> {
    const value: PasswordRecord = { ...record, uid: user.uid, changedAt: this.#clock.now() };
    // It stays: whoever gets hold of an exported state has no hashes to guess from.
    await changeDocument(await this.#open(), `${PASSWORDS}${user.id}`, () => ({
      value,
      options: { stays: true },
    }));
  }

  async remove(id: string): Promise<void> {
    const documents = await this.#open();
    await documents.delete(this.keyOf(id));
    await documents.delete(`${PASSWORDS}${id}`);
  }
}

function noSuchUser(id: string): CronduitError {
  return new CronduitError("ACCOUNT_NOT_FOUND", `There is no user "${id}".`);
}
