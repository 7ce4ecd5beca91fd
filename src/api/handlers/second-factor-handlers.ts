import type { People } from "../accounts/people.ts";
import type { User } from "../accounts/user-record.ts";
import type { AUDIT_ACTIONS } from "../contract/token-routes.ts";
import type { secondFactorRoutes } from "../contract/second-factor-routes.ts";
import type { Handlers } from "./handler.ts";
import { madeBy, readLoginOption, userOf } from "./own-accounts.ts";
import { requireAccounts } from "./session-handlers.ts";

/** What the routes about second factors do. */
export function secondFactorHandlers(people: People): Handlers<keyof typeof secondFactorRoutes> {
  const { users, commands, signIn, audit, secondFactors, mustHaveSecond } = people;
  const note = (action: (typeof AUDIT_ACTIONS)[number], { id }: User, address: string) =>
    audit.write({ action, by: { kind: "user", id }, address, user: id, detail: null });
  return {
    async beginSecondFactor({ body: { user: login, password }, address }) {
      requireAccounts(people);
      const { user, made } = await signIn.beginSecond({ login, password, address });
      await note("second-factor-begun", user, address);
      return made;
    },

    async confirmSecondFactor({ body: { user: login, password, code }, address }) {
      requireAccounts(people);
      const given = { login, password, address };
      const { user, recoveryCodes } = await signIn.confirmSecond(given, code);
      await note("second-factor-on", user, address);
      return { recoveryCodes };
    },

    async removeSecondFactor({ body: { user: login, password, code }, address }) {
      requireAccounts(people);
      const user = await signIn.removeSecond({ login, password, address }, code);
      await note("second-factor-removed", user, address);
      return undefined;
    },

    async getSecondFactor({ caller, path }) {
      const id = userOf(caller, path.userId, "GET /users/{userId}/second-factor");
      const user = await users.require(id);
      return { ...(await secondFactors.stateOf(id, user)), isRequired: mustHaveSecond(user) };
    },

    async resetSecondFactor(call) {
      const id = readLoginOption(call.path.userId, "POST /users/{userId}/second-factor/reset");
      await commands.resetSecondFactor(id);
      await audit.write({ action: "second-factor-reset", ...madeBy(call), user: id, detail: null });
      return undefined;
    },
  };
}
