import type { LimitedActor } from "../../scheduler/rights.ts";
import { type Caller, isAtLeast } from "../caller.ts";
import type { OutsideUser } from "./outside-issuer.ts";
import type { HeldSession } from "./sessions.ts";
import type { Token } from "./api-tokens.ts";
import { ownersOf, type User } from "./user-record.ts";

type Visibility = "own" | "all";

/** A user who signed in, if the account and the session are still what they were then. */
export function callerOfSession(
  session: HeldSession,
  user: User | undefined,
  { visibility, csrf }: { readonly visibility: Visibility; readonly csrf: string | undefined },
): Caller | undefined {
  if (!user || user.isDisabled || user.uid !== session.uid || user.epoch !== session.epoch)
    return undefined;
  return {
    actor: actorOf(user, visibility),
    via: session.kind === "jwt" ? "jwt" : "session",
    account: { user: user.id, quotas: user.quotas, session, csrf },
  };
}

/** Who holds an API token: never more than its user may at this moment. */
export function callerOfToken(
  token: Token,
  user: User | undefined,
  visibility: Visibility,
): Caller | undefined {
  if (!user || user.isDisabled || user.uid !== token.uid) return undefined;
  const role = isAtLeast(user.role, token.role) ? token.role : user.role;
  const owners = ownersOfToken(token, user);
  if (role !== "admin" && owners.length === 0) return undefined;
  const id = `${user.id}/${token.name}`;
  return {
    actor: { kind: "token", id, role, owners, visibility },
    via: "token",
    account: { user: user.id, quotas: user.quotas },
  };
}

/** A user of another server. */
export function callerOfOutside(outside: OutsideUser, visibility: Visibility): Caller {
  return {
    actor: actorOf(outside, visibility),
    via: "issuer",
    account: { user: outside.id, quotas: {} },
  };
}

function actorOf(user: Pick<User, "id" | "role" | "teams">, visibility: Visibility): LimitedActor {
  return { kind: "user", id: user.id, role: user.role, owners: ownersOf(user), visibility };
}

function ownersOfToken({ owners }: Token, user: User): string[] {
  const all = ownersOf(user);
  if (owners === null) return all;
  // An administrator's token may be for anybody's jobs.
  return user.role === "admin" ? [...owners] : owners.filter((owner) => all.includes(owner));
}
