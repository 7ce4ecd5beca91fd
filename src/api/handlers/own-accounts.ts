import { z } from "zod";
import { CronduitError } from "../../core/errors.ts";
import { parseOptions } from "../../jobs/options.ts";
import { ownerSchema } from "../../jobs/owner.ts";
import { loginSchema } from "../accounts/user-record.ts";
import { type Caller, isAdministrator } from "../caller.ts";

const ownersSchema = z.array(ownerSchema);

/** A login name as it is stored. @throws {@link CronduitError} `INVALID_OPTION` */
export function readLoginOption(written: string, where: string): string {
  return parseOptions(loginSchema, written, where);
}

/** A login name that stands in a field of a body. @throws {@link CronduitError} `INVALID_OPTION` */
export function readLoginField<Name extends string>(
  name: Name,
  body: Readonly<Record<Name, string>>,
  where: string,
): string {
  const schema = z.object({ [name]: loginSchema });
  return parseOptions(schema, { [name]: body[name] }, `${where}, body`)[name] ?? "";
}

/** Names of owners, each once. @throws {@link CronduitError} `INVALID_OPTION` */
export function readOwners(written: readonly string[], where: string): string[] {
  return [...new Set(parseOptions(ownersSchema, written, where))];
}

/** The error for an account that is not there, or not to be seen. */
export function noSuchAccount(what: string, id: string): CronduitError {
  return new CronduitError("ACCOUNT_NOT_FOUND", `There is no ${what} "${id.slice(0, 100)}".`);
}

/**
 * The user that a call is about: the caller or, for administrators, anybody.
 * @param written As the call names it; absent: the caller.
 * @throws {@link CronduitError} `ACCOUNT_NOT_FOUND` for somebody else; `INVALID_OPTION` for no user
 */
export function userOf(caller: Caller, written: string | undefined, where: string): string {
  const own = caller.account?.user;
  if (written === undefined && own !== undefined) return own;
  const id = readLoginOption(written ?? "", where);
  if (id === own || isAdministrator(caller)) return id;
  throw noSuchAccount("user", id);
}

/** Who did it, and from where, for the audit. */
export function madeBy({
  caller: { actor },
  address,
}: {
  readonly caller: Caller;
  readonly address: string;
}) {
  return { by: { kind: actor.kind, id: actor.id }, address };
}
