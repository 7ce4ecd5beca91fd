import { iso } from "../../core/iso.ts";
import { CronduitError } from "../../core/errors.ts";
import type { People } from "../accounts/people.ts";
import type { Token } from "../accounts/api-tokens.ts";
import { ownersOf, type User } from "../accounts/user-record.ts";
import type { Role } from "../../scheduler/rights.ts";
import { isAdministrator, isAtLeast } from "../caller.ts";
import type { Contract } from "../contract.ts";
import type { AnswerOf } from "../contract/route.ts";
import type { tokenRoutes } from "../contract/token-routes.ts";
import type { Handlers } from "./handler.ts";
import { madeBy, noSuchAccount, readOwners, userOf } from "./own-accounts.ts";
import { requireSignedIn } from "./user-handlers.ts";

const PAGE = 100;
const DAY_MS = 86_400_000;

/** What the routes about API tokens do, and that about what happened to accounts. */
export function tokenHandlers(people: People): Handlers<keyof typeof tokenRoutes> {
  const { users, tokens, audit, clock } = people;
  return {
    async listTokens({ caller, query: { user, cursor, limit = PAGE } }) {
      if (user === undefined && isAdministrator(caller)) {
        const page = await tokens.list(cursor, limit);
        return { items: page.tokens.map(tokenAnswer), nextCursor: page.cursor ?? null };
      }
      const found = await users.get(userOf(caller, user, "GET /tokens, user"));
      const items = found ? await tokens.listOf(found) : [];
      return { items: items.map(tokenAnswer), nextCursor: null };
    },

    async createToken(call) {
      const { caller, body } = call;
      requireSignedIn(caller.via, "make another one");
      const user = await users.require(userOf(caller, body.user, "POST /tokens, user"));
      const { name, role, expiresInDays } = body;
      const owners = body.owners ? readOwners(body.owners, "POST /tokens, owners") : null;
      requireWithin(user, role, owners);
      const expiresAt = expiresInDays === null ? null : clock.now() + expiresInDays * DAY_MS;
      const { token, text } = await tokens.create(user, { name, role, owners, expiresAt });
      const detail = `${name}, ${role}`;
      await audit.write({ action: "token-created", ...madeBy(call), user: user.id, detail });
      return { token: tokenAnswer(token), secret: text };
    },

    async revokeToken(call) {
      const { caller, path } = call;
      const token = await tokens.get(path.tokenId);
      if (!token || !(isAdministrator(caller) || token.user === caller.account?.user))
        throw noSuchAccount("token", path.tokenId);
      await tokens.revoke(token.id);
      const { user, name } = token;
      await audit.write({ action: "token-revoked", ...madeBy(call), user, detail: name });
      return undefined;
    },

    async listAudit({ query: { cursor, limit = PAGE } }) {
      const page = await audit.list(cursor, limit);
      return {
        items: page.entries.map((entry) => ({ ...entry, at: iso(entry.at) })),
        nextCursor: page.cursor ?? null,
      };
    },
  };
}

/** A token is never more than its user. @throws {@link CronduitError} `NOT_ALLOWED`, `INVALID_OPTION` */
function requireWithin(user: User, role: Role, owners: readonly string[] | null): void {
  if (!isAtLeast(user.role, role))
    throw new CronduitError("NOT_ALLOWED", `"${user.id}" is ${user.role}, and the token ${role}.`);
  if (role === "admin" && owners)
    throw new CronduitError(
      "INVALID_OPTION",
      "POST /tokens, owners: a token with the role admin sees everything; leave it out, or choose another role.",
      { data: { path: "owners" } },
    );
  const own = ownersOf(user);
  const other = user.role === "admin" ? undefined : owners?.find((owner) => !own.includes(owner));
  if (other !== undefined)
    throw new CronduitError("NOT_ALLOWED", `"${user.id}" does not act for "${other}".`);
}

function tokenAnswer(token: Token): AnswerOf<Contract["listTokens"]>["items"][number] {
  const { id, user, name, role, owners, createdAt, expiresAt, lastUsedAt } = token;
  return {
    id,
    user,
    name,
    role,
    owners: owners && [...owners],
    createdAt: iso(createdAt),
    expiresAt: expiresAt === null ? null : iso(expiresAt),
    lastUsedAt: lastUsedAt === null ? null : iso(lastUsedAt),
  };
}
