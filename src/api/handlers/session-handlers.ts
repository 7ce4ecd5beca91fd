import { iso } from "../../core/iso.ts";
import { CronduitError } from "../../core/errors.ts";
import { callerOfSession } from "../accounts/account-callers.ts";
import { notAuthenticated } from "../accounts/not-authenticated.ts";
import type { People } from "../accounts/people.ts";
import { csrfOf } from "../accounts/session-cookie.ts";
import type { HeldSession, Session } from "../accounts/sessions.ts";
import type { User } from "../accounts/user-record.ts";
import { type Caller, isAdministrator } from "../caller.ts";
import type { Contract } from "../contract.ts";
import type { AnswerOf } from "../contract/route.ts";
import type { sessionRoutes } from "../contract/session-routes.ts";
import type { Call, Handlers } from "./handler.ts";
import { madeBy, noSuchAccount, readLoginField, userOf } from "./own-accounts.ts";

type Who = AnswerOf<Contract["whoAmI"]>;

/** What the routes about signing in and out do. */
export function sessionHandlers(people: People): Handlers<keyof typeof sessionRoutes> {
  const { sessions, users, audit, cookie, commands } = people;
  return {
    async signIn(call) {
      const { user: login, password, as, newPassword, code } = call.body;
      requireSignIn(people, as);
      const { address } = call;
      const given = { login, password, address };
      const { user, byCode } = await people.signIn.signIn(given, { newPassword, code });
      const detail = factorsOf(as, byCode ? code : undefined);
      const { session, who } = await begin(people, call, { user, as, detail });
      return {
        ...who,
        token: as === "jwt" && people.jwts ? await people.jwts.sign(session) : null,
      };
    },

    async signInByLink(call) {
      requireAccounts(people);
      const attempt = await people.lockOut.begin(undefined, call.address);
      const user = await people.links.use(call.body.token);
      if (!user) throw noLinkToken();
      await attempt.succeeded();
      const { who } = await begin(people, call, { user, as: "cookie", detail: "link" });
      return who;
    },

    whoAmI: async ({ caller }) => whoAnswer(caller, sessions),

    async signOut(call) {
      const { caller, body, headers, request } = call;
      const { session, user } = caller.account ?? {};
      if (!session || user === undefined)
        throw new CronduitError(
          "INVALID_STATE",
          "Who calls without a session can't end it; revoke a token with DELETE /tokens/{tokenId}.",
        );
      if (body.which === "all") {
        await requirePassword(people, call, "POST /session/end");
        await users.endSessions(user);
      } else await sessions.end(session.id);
      if (caller.via === "session") cookie.endIn(headers, request);
      await audit.write({ action: "signed-out", ...madeBy(call), user, detail: body.which });
      return undefined;
    },

    async listSessions({ caller, query }) {
      const id = userOf(caller, query.user, "GET /sessions, user");
      const user = await users.get(id);
      const current = caller.account?.session?.id;
      const items = user ? await sessions.listOf(user) : [];
      return { items: items.map((one) => sessionAnswer(one, people, current)), nextCursor: null };
    },

    async endSession(call) {
      const { caller, path } = call;
      const session = await sessions.get(path.sessionId);
      if (!session || !(isAdministrator(caller) || session.user === caller.account?.user))
        throw noSuchAccount("session", path.sessionId);
      const { user } = session;
      const isOther = session.id !== caller.account?.session?.id;
      if (isOther && user === caller.account?.user)
        await requirePassword(people, call, "DELETE /sessions/{sessionId}");
      await sessions.end(session.id);
      await audit.write({ action: "sessions-ended", ...madeBy(call), user, detail: "one" });
      return undefined;
    },

    async endAllSessions(call) {
      const count = await commands.endAllSessions();
      const detail = "everybody's";
      await audit.write({ action: "sessions-ended", ...madeBy(call), user: null, detail });
      return { users: count };
    },

    setUp: async (call) => setUp(people, call),
  };
}

/** Begins a session of somebody who said who they are. */
async function begin(
  people: People,
  { request, address, headers }: Pick<Call<Contract["signIn"]>, "request" | "address" | "headers">,
  given: { readonly user: User; readonly as: Session["kind"]; readonly detail: string },
): Promise<{ readonly session: HeldSession; readonly who: Who }> {
  const { sessions, audit, cookie } = people;
  const { user, as, detail } = given;
  await endFormer(people, request);
  const agent = request.headers.get("user-agent");
  const { session, text } = await sessions.begin(user, as, { address, agent });
  const by = { kind: "user", id: user.id };
  await audit.write({ action: "signed-in", by, address, user: user.id, detail });
  if (as === "cookie")
    headers.append("set-cookie", cookie.set(request, text, session.endsAt - session.createdAt));
  const csrf = as === "cookie" ? csrfOf(text) : undefined;
  return { session, who: whoAnswer(callerOf(people, { session, user, csrf }), sessions) };
}

function noLinkToken(): CronduitError {
  return new CronduitError(
    "NOT_AUTHENTICATED",
    "The link is wrong, was used, or has expired. Starting the server again prints another one.",
  );
}

async function setUp(
  { commands, passwords, lockOut, audit, setUp: tokens, users }: People,
  { body, address }: Call<Contract["setUp"]>,
): Promise<AnswerOf<Contract["setUp"]>> {
  const attempt = await lockOut.begin(undefined, address);
  const id = readLoginField("user", body, "POST /setup");
  // Whoever has no token learns nothing of users; and what is wrong besides does not use it up.
  if (!(await tokens.isGood(body.token))) throw noSetUpToken();
  await passwords.requireStrong(body.password, id, "password");
  if (await users.get(id))
    throw new CronduitError("USER_EXISTS", `There is a user "${id}" already.`);
  if (!(await tokens.use(body.token))) throw noSetUpToken();
  await attempt.succeeded();
  await commands.createAdministrator(id, body.password);
  await audit.write({ action: "set-up", by: null, address, user: id, detail: null });
  return { user: id };
}

function noSetUpToken(): CronduitError {
  return new CronduitError(
    "NOT_AUTHENTICATED",
    "The set-up token is wrong, was used, or has expired. The server's program makes another one with `api.setupToken()`, while no administrator can sign in.",
  );
}

/** Whoever found an open browser must not end the sessions of its user. @throws {@link CronduitError} as `SignIn.confirm` */
async function requirePassword(
  { signIn }: People,
  {
    caller,
    body,
    address,
  }: {
    readonly caller: Caller;
    readonly body: { readonly password?: string | undefined } | undefined;
    readonly address: string;
  },
  where: string,
): Promise<void> {
  const login = caller.account?.user;
  if (login === undefined) return;
  if (body?.password === undefined)
    throw new CronduitError(
      "INVALID_OPTION",
      `${where}, password: is missing; ending other sessions than this one needs it again.`,
      { data: { path: "password" } },
    );
  await signIn.confirm({ login, password: body.password, address });
}

/** How somebody signed in, for the audit. */
function factorsOf(as: Session["kind"], code: string | undefined): string {
  return code === undefined ? as : `${as}, with a ${code.length > 6 ? "recovery " : ""}code`;
}

/** @throws {@link CronduitError} `INVALID_STATE` */
export function requireAccounts({ hasAccounts }: Pick<People, "hasAccounts">): void {
  if (hasAccounts) return;
  throw new CronduitError("INVALID_STATE", "Nobody can sign in here: this server has no accounts.");
}

function requireSignIn(people: People, as: Session["kind"]): void {
  requireAccounts(people);
  const { jwts } = people;
  if (as === "jwt" && !jwts)
    throw new CronduitError(
      "INVALID_STATE",
      "This server makes no JWTs: it has no `auth.jwt`. Use an API token.",
    );
}

/** Another session begins, so the one before is over, also if somebody else began it in this browser. */
async function endFormer({ cookie, sessions }: People, request: Request): Promise<void> {
  try {
    const text = cookie.read(request);
    const former = text === undefined ? undefined : await sessions.find(text);
    if (former) await sessions.end(former.id);
  } catch {
    // Two cookies are nobody's.
  }
}

function callerOf(
  { visibility }: People,
  given: { readonly session: HeldSession; readonly user: User; readonly csrf: string | undefined },
): Caller {
  const caller = callerOfSession(given.session, given.user, { visibility, csrf: given.csrf });
  if (!caller) throw notAuthenticated();
  return caller;
}

function whoAnswer({ actor, via, account }: Caller, sessions: People["sessions"]): Who {
  const { session } = account ?? {};
  const limited = "role" in actor ? actor : undefined;
  return {
    actor: { kind: actor.kind, id: actor.id },
    user: account?.user ?? null,
    role: limited?.role ?? "admin",
    owners: [...(limited?.owners ?? [])],
    visibility: limited?.visibility ?? "all",
    via,
    csrf: account?.csrf ?? null,
    session: session
      ? { id: session.id, expiresAt: iso(sessions.endOf(session)), endsAt: iso(session.endsAt) }
      : null,
  };
}

function sessionAnswer(
  session: HeldSession,
  { sessions }: People,
  current: string | undefined,
): AnswerOf<Contract["listSessions"]>["items"][number] {
  const { id, user, kind, createdAt, seenAt, address, agent } = session;
  return {
    id,
    user,
    kind,
    createdAt: iso(createdAt),
    lastUsedAt: iso(seenAt),
    expiresAt: iso(sessions.endOf(session)),
    address,
    agent,
    isCurrent: id === current,
  };
}
