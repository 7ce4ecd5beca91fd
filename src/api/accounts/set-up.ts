import { z } from "zod";
import type { Clock, EpochMs } from "../../core/clock.ts";
import type { Administrators } from "./administrators.ts";
import { changeDocument, type OpenDocuments } from "../open-documents.ts";
import { isSameHash, makeKeyedSecret, readKeyedSecret } from "./keyed-secret.ts";

const KEY = "api/set-up";
const PREFIX = "cds_";
const VALID_MS = 15 * 60_000;
const recordSchema = z.object({ hash: z.string(), expiresAt: z.number() });

/** Lets somebody make the first administrator. */
export interface SetupToken {
  /** For the person at this machine alone: whoever has it becomes administrator. */
  readonly token: string;
  readonly expiresAt: EpochMs;
}

/**
 * The way in to a fleet without users: a token that was made on this machine. That there are no users opens nothing, so a server
 * that lost its data lets nobody in.
 */
export class SetUp {
  readonly #open: OpenDocuments;
  readonly #clock: Clock;
  readonly #administrators: Administrators;

  constructor(open: OpenDocuments, clock: Clock, administrators: Administrators) {
    this.#open = open;
    this.#clock = clock;
    this.#administrators = administrators;
  }

  /** Makes a token, which replaces the one before. @returns `undefined` if there is an administrator */
  async makeToken(): Promise<SetupToken | undefined> {
    if (await this.#administrators.exist()) return undefined;
    const { text, hash } = makeKeyedSecret(PREFIX, KEY);
    const expiresAt = this.#clock.now() + VALID_MS;
    await changeDocument(await this.#open(), KEY, () => ({
      value: { hash, expiresAt },
      options: { expiresAt, stays: true },
    }));
    return { token: text, expiresAt };
  }

  /** Whether a token is good, without using it up. */
  async isGood(text: string): Promise<boolean> {
    return (await this.#find(text)) !== undefined;
  }

  /** Uses a token up. @returns whether it was good */
  async use(text: string): Promise<boolean> {
    const revision = await this.#find(text);
    if (revision === undefined) return false;
    // Of two who use it at once, one deletes it.
    const { outcome } = await (await this.#open()).delete(KEY, revision);
    return outcome === "deleted" && !(await this.#administrators.exist());
  }

  async #find(text: string): Promise<number | undefined> {
    const secret = readKeyedSecret(PREFIX, text);
    const stored = await (await this.#open()).get(KEY);
    if (!secret || !stored) return undefined;
    const { hash, expiresAt } = recordSchema.parse(stored.value);
    const isGood = isSameHash(hash, secret.hash) && expiresAt > this.#clock.now();
    return isGood ? stored.revision : undefined;
  }
}
