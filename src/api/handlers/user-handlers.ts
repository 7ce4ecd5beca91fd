import { CronduitError } from "../../core/errors.ts";
import type { People } from "../accounts/people.ts";
import { withoutAbsent } from "../accounts/quota-limits.ts";
import type { User } from "../accounts/user-record.ts";
import type { UserChange } from "../accounts/users.ts";
import type { Contract } from "../contract.ts";
import type { AnswerOf } from "../contract/route.ts";
import type { userRoutes } from "../contract/user-routes.ts";
import type { Handlers } from "./handler.ts";
import { madeBy, readLoginField, readLoginOption, readOwners, userOf } from "./own-accounts.ts";

const PAGE = 100;

/** What the routes about users do. */
export function userHandlers(people: People): Handlers<keyof typeof userRoutes> {
  const { users, commands, signIn, audit } = people;
  return {
    async listUsers({ query: { cursor, limit = PAGE } }) {
      const page = await users.list(cursor, limit);
      return { items: page.users.map(userAnswer), nextCursor: page.cursor ?? null };
    },

    async createUser(call) {
      const { role, teams, quotas } = call.body;
      const id = readLoginField("id", call.body, "POST /users");
      const { user, oneTimePassword } = await commands.create(id, {
        role,
        teams: readOwners(teams, "POST /users, teams"),
        quotas: withoutAbsent(quotas),
      });
      await audit.write({ action: "user-created", ...madeBy(call), user: id, detail: role });
      return { user: userAnswer(user), oneTimePassword };
    },

    async getUser({ caller, path }) {
      return userAnswer(await users.require(userOf(caller, path.userId, "GET /users/{userId}")));
    },

    async changeUser(call) {
      const { role, teams, isDisabled, quotas } = call.body;
      const id = readLoginOption(call.path.userId, "PATCH /users/{userId}");
      const change: UserChange = {
        ...(role === undefined ? {} : { role }),
        ...(teams === undefined
          ? {}
          : { teams: readOwners(teams, "PATCH /users/{userId}, teams") }),
        ...(isDisabled === undefined ? {} : { isDisabled }),
        ...(quotas === undefined ? {} : { quotas: withoutAbsent(quotas) }),
      };
      const user = await commands.change(id, change);
      const detail = Object.entries(change)
        .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
        .join(", ");
      await audit.write({ action: "user-changed", ...madeBy(call), user: id, detail });
      return userAnswer(user);
    },

    async deleteUser(call) {
      const id = readLoginOption(call.path.userId, "DELETE /users/{userId}");
      await commands.remove(id);
      await audit.write({ action: "user-deleted", ...madeBy(call), user: id, detail: null });
      return undefined;
    },

    async changePassword(call) {
      const { caller, path, body, address } = call;
      const id = userOf(caller, path.userId, "POST /users/{userId}/password");
      if (caller.account?.user !== id && caller.via !== "local")
        throw new CronduitError(
          "NOT_ALLOWED",
          `Only "${id}" chooses that password; reset it with POST /users/{userId}/password/reset.`,
        );
      requireSignedIn(caller.via, "change a password");
      const given = { login: id, password: body.oldPassword, address };
      await signIn.changePassword(given, body.newPassword);
      if (caller.via === "session") people.cookie.endIn(call.headers, call.request);
      await audit.write({ action: "password-changed", ...madeBy(call), user: id, detail: null });
      return undefined;
    },

    async resetPassword(call) {
      const id = readLoginOption(call.path.userId, "POST /users/{userId}/password/reset");
      const oneTimePassword = await commands.resetPassword(id);
      await audit.write({ action: "password-reset", ...madeBy(call), user: id, detail: null });
      return { oneTimePassword };
    },

    async endSessionsOfUser(call) {
      const id = readLoginOption(call.path.userId, "POST /users/{userId}/sessions/end");
      await users.endSessions(id);
      await audit.write({ action: "sessions-ended", ...madeBy(call), user: id, detail: "all" });
      return undefined;
    },
  };
}

/** Who holds a token only must not become able to sign in. @throws {@link CronduitError} `NOT_ALLOWED` */
export function requireSignedIn(via: string, what: string): void {
  if (via !== "token") return;
  throw new CronduitError("NOT_ALLOWED", `An API token can't ${what}: sign in with a password.`);
}

function userAnswer({
  id,
  role,
  teams,
  isDisabled,
  createdAt,
  quotas,
}: User): AnswerOf<Contract["getUser"]> {
  return {
    id,
    role,
    teams: [...teams],
    isDisabled,
    createdAt: new Date(createdAt).toISOString(),
    quotas,
  };
}
