import type { StoredDocument } from "../../engine/port/engine.ts";
import type { OpenDocuments } from "../open-documents.ts";
import type { KeyedSecret } from "./keyed-secret.ts";
import { readUser, type User } from "./user-record.ts";
import type { Users } from "./users.ts";

/** Secrets whose users are remembered; the oldest are forgotten. */
const MOST = 10_000;

/** What a secret stands for. */
export interface Held {
  readonly user: string;
}

/** A secret as it was found, and whose it is. */
export interface Holder<T> {
  readonly held: T;
  readonly user: User | undefined;
}

/**
 * Reads what a secret stands for together with its user, in one call from the second request on: whose a secret is never changes.
 * That is all that is remembered, and it only says which documents to read. These decide, as they are at each request.
 */
export class HolderReader {
  readonly #open: OpenDocuments;
  readonly #users: Pick<Users, "get" | "keyOf">;
  readonly #userOf = new Map<string, string>();

  constructor(open: OpenDocuments, users: Pick<Users, "get" | "keyOf">) {
    this.#open = open;
    this.#users = users;
  }

  /**
   * @param key Of the secret's document.
   * @param match Reads that document; `undefined`: the secret is not good.
   */
  async read<T extends Held>(
    { id }: Pick<KeyedSecret, "id">,
    key: string,
    match: (stored: StoredDocument | undefined) => T | undefined,
  ): Promise<Holder<T> | undefined> {
    const documents = await this.#open();
    const likely = this.#userOf.get(id);
    const keys = likely === undefined ? [key] : [key, this.#users.keyOf(likely)];
    const [stored, present] = await documents.getMany(keys);
    const held = match(stored);
    if (!held) {
      this.#userOf.delete(id);
      return undefined;
    }
    if (held.user === likely) return { held, user: present && readUser(likely, present.value) };
    this.#remember(id, held.user);
    return { held, user: await this.#users.get(held.user) };
  }

  /** Only of secrets that were good: nobody fills it by guessing. */
  #remember(id: string, user: string): void {
    const [oldest] = this.#userOf.keys();
    if (this.#userOf.size >= MOST && oldest !== undefined) this.#userOf.delete(oldest);
    this.#userOf.set(id, user);
  }
}
