import type { LimitedActor, Role, TrustedActor } from "../scheduler/rights.ts";
import type { QuotaLimits } from "./accounts/quota-limits.ts";
import type { HeldSession } from "./accounts/sessions.ts";
import type { Access } from "./contract/route.ts";

/** Who calls the API. */
export interface Caller {
  /** With what rights the scheduler acts for it. */
  readonly actor: LimitedActor | TrustedActor;
  /** How it said who it is; `local`: it is in this process, or at this machine's socket. */
  readonly via: "local" | "session" | "token" | "jwt" | "issuer";
  /** Absent for who is in this process. */
  readonly account?: CallerAccount;
}

/** Whose account it is that calls. */
export interface CallerAccount {
  /** The login name; of a token, its user's. */
  readonly user: string;
  /** The user's own quotas. */
  readonly quotas: Partial<QuotaLimits>;
  /** With a cookie or a JWT of this server. */
  readonly session?: HeldSession;
  /** What changes by cookie have to be sent with. */
  readonly csrf?: string | undefined;
}

/** Where a request comes from, as the server that accepted it knows. */
export interface Peer {
  /** The IP address of the other end; absent: there is none, as in a process or on a Unix socket. */
  readonly address?: string | undefined;
}

/** Says who sent a request. */
export interface Authenticator {
  /**
   * @returns `undefined` if the request has no credential
   * @throws {@link CronduitError} `NOT_AUTHENTICATED` for a wrong one
   */
  authenticate(request: Request, peer: Peer): Promise<Caller | undefined>;
}

const RANKS = { viewer: 1, editor: 2, admin: 3 } as const satisfies Record<Role, number>;

/** Whether a role may do all that another may. */
export function isAtLeast(role: Role, other: Role): boolean {
  return RANKS[role] >= RANKS[other];
}

/** Whether a caller may call routes of this access at all; what it sees there is for the scheduler to say. */
export function mayCall({ actor }: Caller, access: Access): boolean {
  return access === "anyone" || !("role" in actor) || isAtLeast(actor.role, access);
}

/** Whether a caller may do everything: an administrator, or who is in this process. */
export function isAdministrator(caller: Caller): boolean {
  return mayCall(caller, "admin");
}
