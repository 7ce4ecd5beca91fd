import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { Clock, EpochMs } from "../../core/clock.ts";
import { AUDIT_ACTIONS } from "../contract/token-routes.ts";
import { allDocuments, type OpenDocuments } from "../open-documents.ts";

const PREFIX = "api/audit/";
const DAY_MS = 86_400_000;
/** How long an entry is kept. */
const KEPT_MS = 365 * DAY_MS;
/** How many entries are kept. */
export const MAX_ENTRIES = 10_000;
/** After how many entries of a process it looks for those that are too many. */
const TRIM_EVERY = 100;
/** Keys are in the order of time backwards: the newest entry comes first. */
const LAST_MS = 9_999_999_999_999;

/** Something that happened to accounts. */
export interface AuditEntry {
  readonly at: EpochMs;
  readonly action: (typeof AUDIT_ACTIONS)[number];
  /** Who did it; `null`: nobody who had said who they are. */
  readonly by: { readonly kind: string; readonly id: string } | null;
  readonly address: string | null;
  /** Whose account it was; `null` for a name that no account has, which may be a mistyped password. */
  readonly user: string | null;
  /** More, in a few words. */
  readonly detail: string | null;
}

const entrySchema: z.ZodType<AuditEntry> = z.object({
  at: z.number(),
  action: z.enum(AUDIT_ACTIONS),
  by: z.object({ kind: z.string(), id: z.string() }).nullable(),
  address: z.string().nullable(),
  user: z.string().nullable(),
  detail: z.string().nullable(),
});

/** What happened to accounts, as documents: a year, and no more than {@link MAX_ENTRIES}. */
export class AuditLog {
  readonly #open: OpenDocuments;
  readonly #clock: Clock;
  #written = 0;

  constructor(open: OpenDocuments, clock: Clock) {
    this.#open = open;
    this.#clock = clock;
  }

  async write(entry: Omit<AuditEntry, "at">): Promise<void> {
    const at = this.#clock.now();
    const key = `${PREFIX}${String(LAST_MS - at).padStart(13, "0")}-${randomBytes(6).toString("hex")}`;
    const documents = await this.#open();
    const value: AuditEntry = { ...entry, at };
    await documents.putIfRevision(key, value, "absent", { expiresAt: at + KEPT_MS });
    this.#written += 1;
    if (this.#written % TRIM_EVERY === 0) await this.#trim();
  }

  /** The newest first. */
  async list(
    cursor: string | undefined,
    limit: number,
  ): Promise<{ readonly entries: readonly AuditEntry[]; readonly cursor: string | undefined }> {
    const page = await (await this.#open()).list(PREFIX, cursor, limit);
    return {
      entries: page.documents.map(({ value }) => entrySchema.parse(value)),
      cursor: page.cursor,
    };
  }

  async #trim(): Promise<void> {
    const documents = await this.#open();
    let count = 0;
    for await (const { key } of allDocuments(documents, PREFIX)) {
      count += 1;
      if (count > MAX_ENTRIES) await documents.delete(key);
    }
  }
}
