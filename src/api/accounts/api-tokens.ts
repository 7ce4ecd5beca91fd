import { z } from "zod";
import type { Clock, EpochMs } from "../../core/clock.ts";
import { CronduitError } from "../../core/errors.ts";
import type { StoredDocument } from "../../engine/port/engine.ts";
import type { Role } from "../../scheduler/rights.ts";
import { allDocuments, type OpenDocuments } from "../open-documents.ts";
import {
  isSameHash,
  isSecretId,
  type KeyedSecret,
  keyOfSecret,
  keysOfSecretsOf,
  makeKeyedSecret,
  readKeyedSecret,
} from "./keyed-secret.ts";
import { roleSchema, type User } from "./user-record.ts";

const TOKENS = "api/tokens/";
/** How API tokens begin. */
export const TOKEN_PREFIX = "cdt_";
const MAX_TOKENS_OF_A_USER = 100;
const USED_EVERY_MS = 60_000;

/** An API token, as stored. */
export interface TokenRecord {
  readonly user: string;
  readonly uid: string;
  readonly hash: string;
  /** The user's own words for it. */
  readonly name: string;
  /** The most that it may do; its user's role at the time of a request limits it, too. */
  readonly role: Role;
  /** The owners whose jobs it may see, as far as its user may at the time of a request; `null`: all of them. */
  readonly owners: readonly string[] | null;
  readonly createdAt: EpochMs;
  /** `null`: never. */
  readonly expiresAt: EpochMs | null;
  /** To the minute; `null`: not yet. */
  readonly lastUsedAt: EpochMs | null;
}

/** An API token and where it is stored. */
export interface Token extends TokenRecord {
  readonly id: string;
  readonly revision: number;
}

const tokenSchema: z.ZodType<TokenRecord> = z.object({
  user: z.string(),
  uid: z.string(),
  hash: z.string(),
  name: z.string(),
  role: roleSchema,
  owners: z.array(z.string()).nullable(),
  createdAt: z.number(),
  expiresAt: z.number().nullable(),
  lastUsedAt: z.number().nullable(),
});

/** API tokens as documents. */
export class Tokens {
  readonly #open: OpenDocuments;
  readonly #clock: Clock;

  constructor(open: OpenDocuments, clock: Clock) {
    this.#open = open;
    this.#clock = clock;
  }

  /** @returns with the token's text, which is kept nowhere @throws {@link CronduitError} `QUOTA_EXCEEDED` */
  async create(
    user: User,
    given: Pick<TokenRecord, "name" | "role" | "owners" | "expiresAt">,
  ): Promise<{ readonly token: Token; readonly text: string }> {
    if ((await this.listOf(user)).length >= MAX_TOKENS_OF_A_USER)
      throw new CronduitError(
        "QUOTA_EXCEEDED",
        `A user may have ${MAX_TOKENS_OF_A_USER} tokens; "${user.id}" has as many. Revoke one.`,
      );
    const { text, id, hash } = makeKeyedSecret(TOKEN_PREFIX, user.id);
    const { name, role, owners, expiresAt } = given;
    const record: TokenRecord = {
      user: user.id,
      uid: user.uid,
      hash,
      name,
      role,
      owners,
      createdAt: this.#clock.now(),
      expiresAt,
      lastUsedAt: null,
    };
    const documents = await this.#open();
    const key = keyOfSecret(TOKENS, id);
    const answer = await documents.putIfRevision(key, record, "absent", optionsOf(record));
    // 48 random bits among one user's tokens.
    if (answer.outcome === "conflict") return this.create(user, given);
    return { token: { ...record, id, revision: answer.revision }, text };
  }

  /** Reads what may be a token's text; `undefined` if it can't be one. */
  parse(text: string): KeyedSecret | undefined {
    return readKeyedSecret(TOKEN_PREFIX, text);
  }

  /** The key of a token's document, to be read together with others. */
  keyOf({ id }: Pick<KeyedSecret, "id">): string {
    return keyOfSecret(TOKENS, id);
  }

  /** Reads a stored token, if it is the one of this text and has not expired. */
  match(secret: KeyedSecret, stored: StoredDocument | undefined): Token | undefined {
    const token = stored && this.#read(stored);
    return token && isSameHash(token.hash, secret.hash) ? token : undefined;
  }

  /** The token of this id, unless it has expired. */
  async get(id: string): Promise<Token | undefined> {
    if (!isSecretId(id)) return undefined;
    const stored = await (await this.#open()).get(keyOfSecret(TOKENS, id));
    return stored && this.#read(stored);
  }

  /** Notes that it was used. One that was revoked meanwhile stays so: another revision is not replaced. */
  async touch({ id, revision, ...record }: Token): Promise<void> {
    const now = this.#clock.now();
    if (record.lastUsedAt !== null && now - record.lastUsedAt < USED_EVERY_MS) return;
    const used: TokenRecord = { ...record, lastUsedAt: now };
    const documents = await this.#open();
    await documents.putIfRevision(keyOfSecret(TOKENS, id), used, revision, optionsOf(used));
  }

  /** Tokens of a user that have not expired. */
  async listOf({ id, uid }: Pick<User, "id" | "uid">): Promise<Token[]> {
    const tokens: Token[] = [];
    const prefix = keysOfSecretsOf(TOKENS, id);
    for await (const stored of allDocuments(await this.#open(), prefix)) {
      const token = this.#read(stored);
      if (token?.user === id && token.uid === uid) tokens.push(token);
    }
    return tokens;
  }

  /** Everybody's tokens, a page at a time. */
  async list(
    cursor: string | undefined,
    limit: number,
  ): Promise<{ readonly tokens: readonly Token[]; readonly cursor: string | undefined }> {
    const page = await (await this.#open()).list(TOKENS, cursor, limit);
    return { tokens: page.documents.flatMap((one) => this.#read(one) ?? []), cursor: page.cursor };
  }

  async revoke(id: string): Promise<void> {
    await (await this.#open()).delete(keyOfSecret(TOKENS, id));
  }

  async revokeAllOf(user: Pick<User, "id" | "uid">): Promise<void> {
    for (const { id } of await this.listOf(user)) await this.revoke(id);
  }

  #read({ key, value, revision }: StoredDocument): Token | undefined {
    const record = tokenSchema.parse(value);
    if (record.expiresAt !== null && record.expiresAt <= this.#clock.now()) return undefined;
    return { ...record, id: key.slice(TOKENS.length).replace("/", ""), revision };
  }
}

function optionsOf({ expiresAt }: TokenRecord) {
  return { stays: true, ...(expiresAt === null ? {} : { expiresAt }) };
}
