import { CronduitError } from "../../core/errors.ts";
import type { SchedulerParts } from "../../scheduler/assembly.ts";
import type { ApiSettings } from "../api-options.ts";
import type { Authenticator } from "../caller.ts";
import { isLoopback } from "../edge/loopback.ts";
import { Administrators } from "./administrators.ts";
import { AuditLog } from "./audit-log.ts";
import type { AuthSettings } from "./auth-options.ts";
import { BearerAuthenticator } from "./bearer-authenticator.ts";
import { CookieAuthenticator } from "./cookie-authenticator.ts";
import { type OpenDocuments, openDocumentsOf } from "../open-documents.ts";
import { HolderReader } from "./holder-reader.ts";
import { LockOut } from "./lock-out.ts";
import { OutsideIssuer } from "./outside-issuer.ts";
import { OwnJwts } from "./own-jwts.ts";
import { Passwords } from "./passwords.ts";
import { Quotas } from "./quotas.ts";
import { SessionCookie } from "./session-cookie.ts";
import { Sealer } from "./sealer.ts";
import { SecondFactors } from "./second-factors.ts";
import { Sessions } from "./sessions.ts";
import { SetUp } from "./set-up.ts";
import { SignIn } from "./sign-in.ts";
import { SignInLinks } from "./sign-in-links.ts";
import { Tokens } from "./api-tokens.ts";
import { UserCommands } from "./user-commands.ts";
import type { User } from "./user-record.ts";
import { Users } from "./users.ts";

/** Of sessions where the option `auth` is absent: nobody can begin one. */
const NO_TIMES = { idle: 0, absolute: 0 };

/** All that is known of people, and how they say who they are. */
export interface People {
  readonly open: OpenDocuments;
  readonly users: Users;
  readonly commands: UserCommands;
  readonly passwords: Passwords;
  readonly tokens: Tokens;
  readonly sessions: Sessions;
  readonly cookie: SessionCookie;
  readonly lockOut: LockOut;
  readonly signIn: SignIn;
  readonly links: SignInLinks;
  readonly setUp: SetUp;
  readonly secondFactors: SecondFactors;
  /** Whose password is not enough to sign in. */
  readonly mustHaveSecond: (user: Pick<User, "role">) => boolean;
  readonly audit: AuditLog;
  readonly quotas: Quotas;
  readonly jwts: OwnJwts | undefined;
  readonly clock: SchedulerParts["clock"];
  readonly visibility: "own" | "all";
  /** Whether users can sign in. */
  readonly hasAccounts: boolean;
  /** In the order in which they are asked. */
  readonly authenticators: readonly Authenticator[];
}

/**
 * Makes what the API knows of people.
 * @throws {@link CronduitError} `INVALID_OPTION` for a server that others reach without a credential, or in the clear
 */
export function makePeople(
  { engine, clock, logger }: Pick<SchedulerParts, "engine" | "clock" | "logger">,
  { auth, publicUrl, quotas }: Pick<ApiSettings, "auth" | "publicUrl" | "quotas">,
): People {
  requireAuth(auth, publicUrl);
  const open = openDocumentsOf(engine);
  const { idle, absolute } = auth?.session ?? NO_TIMES;
  const users = new Users(open, clock);
  const tokens = new Tokens(open, clock);
  const sessions = new Sessions(open, clock, { idleMs: idle, absoluteMs: absolute });
  const passwords = new Passwords(auth?.breachedPasswords);
  const administrators = new Administrators(open, users);
  const cookie = new SessionCookie(publicUrl);
  const lockOut = new LockOut(open, clock);
  const audit = new AuditLog(open, clock);
  const jwts = auth?.jwt && makeJwts(auth.jwt, clock);
  const hasAccounts = auth?.accounts ?? false;
  const holders = new HolderReader(open, users);
  const secondFactors = new SecondFactors({
    open,
    clock,
    sealer: auth?.jwt && makeSealer(auth.jwt),
    issuer: publicUrl?.host ?? "cronduit",
  });
  const required = auth?.requireSecondFactor ?? false;
  const mustHaveSecond: People["mustHaveSecond"] = ({ role }) =>
    required === "all" || (required === "administrators" && role === "admin");
  const commands = new UserCommands({
    users,
    passwords,
    tokens,
    administrators,
    secondFactors,
    clock,
  });
  const bearer = { open, users, holders, tokens, sessions, hasAccounts, jwts };
  return {
    open,
    visibility: auth?.visibility ?? "own",
    users,
    tokens,
    sessions,
    passwords,
    cookie,
    lockOut,
    audit,
    jwts,
    clock,
    hasAccounts,
    commands,
    links: new SignInLinks(open, clock, users, commands),
    signIn: new SignIn({ users, passwords, lockOut, audit, clock, secondFactors, mustHaveSecond }),
    secondFactors,
    mustHaveSecond,
    setUp: new SetUp(open, clock, administrators),
    quotas: new Quotas(quotas, users),
    authenticators: auth ? authenticatorsOf(auth) : [],
  };

  function authenticatorsOf({ issuer, visibility }: AuthSettings): Authenticator[] {
    const outside = issuer && new OutsideIssuer(issuer, { clock, logger });
    return [
      new BearerAuthenticator({ ...bearer, issuer: outside, visibility }),
      ...(hasAccounts ? [new CookieAuthenticator({ sessions, holders, cookie, visibility })] : []),
    ];
  }
}

function makeJwts([first, ...others]: readonly string[], clock: SchedulerParts["clock"]) {
  return first === undefined ? undefined : new OwnJwts([first, ...others], clock);
}

function makeSealer([first, ...others]: readonly string[]): Sealer | undefined {
  return first === undefined ? undefined : new Sealer([first, ...others]);
}

function requireAuth(auth: AuthSettings | undefined, publicUrl: URL | undefined): void {
  const isPublic = publicUrl !== undefined && !isLoopback(publicUrl);
  const refuse = (path: string, what: string): never => {
    throw new CronduitError("INVALID_OPTION", `createApi, option "${path}": ${what}`, {
      data: { path },
    });
  };
  if (isPublic && !auth)
    refuse(
      "auth",
      `is missing, and "publicUrl" is ${publicUrl.origin}: say who may call, with \`auth: {}\` for accounts or \`auth: { issuer: … }\`.`,
    );
  if (auth && !auth.accounts && !auth.issuer)
    refuse("auth", "has neither accounts nor an issuer: nobody could call.");
  if (auth && !auth.accounts && auth.jwt)
    refuse("auth.jwt", "is for users with passwords, and `accounts` is false.");
  if (auth && auth.requireSecondFactor !== false && !(auth.accounts && auth.jwt))
    refuse(
      "auth.requireSecondFactor",
      "needs `accounts`, and `jwt`: its secret encrypts what codes are made by.",
    );
  if (isPublic && publicUrl.protocol === "http:")
    refuse(
      "publicUrl",
      "must begin with https: passwords and tokens would go in the clear. http is for this machine alone.",
    );
}
