import { z } from "zod";
import type { EpochMs } from "../../core/clock.ts";
import { ownerSchema } from "../../jobs/owner.ts";
import type { Role } from "../../scheduler/rights.ts";
import { type QuotaLimits, quotaRecordSchema } from "./quota-limits.ts";

/** What a user may do. */
export const roleSchema: z.ZodType<Role> = z.enum(["viewer", "editor", "admin"]);

/** A user, as stored. The password is elsewhere, so that users can move to another engine and passwords do not. */
export interface UserRecord {
  /** Another one for each user that ever had this name: what belonged to a former one is nobody's. */
  readonly uid: string;
  readonly role: Role;
  /** The teams whose jobs are the user's, too. */
  readonly teams: readonly string[];
  readonly isDisabled: boolean;
  readonly createdAt: EpochMs;
  /** Sessions that began in an earlier one are over. */
  readonly epoch: number;
  /** Where these differ from those of the API. */
  readonly quotas: Partial<QuotaLimits>;
}

/** A user with its name. */
export interface User extends UserRecord {
  readonly id: string;
}

/** Whether a user is an administrator who can sign in. */
export function isActiveAdministrator({ role, isDisabled }: UserRecord): boolean {
  return role === "admin" && !isDisabled;
}

/** A password, as stored. */
export interface PasswordRecord {
  /** Of the user who set it. */
  readonly uid: string;
  /** argon2id, with its parameters. */
  readonly hash: string;
  readonly changedAt: EpochMs;
  /** Somebody else made it: until when it can be changed by signing in, which is all it is good for. `null`: the user's own. */
  readonly oneTimeUntil: EpochMs | null;
}

const userRecordSchema: z.ZodType<UserRecord> = z.object({
  uid: z.string(),
  role: roleSchema,
  teams: z.array(z.string()),
  isDisabled: z.boolean(),
  createdAt: z.number(),
  epoch: z.number(),
  quotas: quotaRecordSchema,
});

const passwordRecordSchema: z.ZodType<PasswordRecord> = z.object({
  uid: z.string(),
  hash: z.string(),
  changedAt: z.number(),
  oneTimeUntil: z.number().nullable(),
});

/** Reads a stored user. @throws if something else was stored */
export function readUser(id: string, value: unknown): User {
  return { id, ...userRecordSchema.parse(value) };
}

/** Reads a stored password. @throws if something else was stored */
export function readPassword(value: unknown): PasswordRecord {
  return passwordRecordSchema.parse(value);
}

/**
 * A login name as it is stored: "Ana" and "ana" are one user, and so are names that only look alike because a character can
 * be written in two ways.
 */
export function foldLogin(written: string): string {
  return written.normalize("NFKC").toLowerCase().normalize("NFKC");
}

/** A login name: an owner's name, folded. */
export const loginSchema = z
  .string()
  .max(64)
  .transform(foldLogin)
  .pipe(ownerSchema)
  .meta(ownerSchema.meta() ?? {});

/** The login name that somebody wrote, or `undefined` if no user can have it. */
export function readLogin(written: string): string | undefined {
  const { data } = loginSchema.safeParse(written);
  return data;
}

/** The owners whose jobs are this user's: the user first, then the teams. */
export function ownersOf({ id, teams }: Pick<User, "id" | "teams">): string[] {
  return [...new Set([id, ...teams])];
}
