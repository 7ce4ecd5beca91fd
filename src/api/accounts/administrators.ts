import { CronduitError } from "../../core/errors.ts";
import { z } from "zod";
import { changeDocument, type OpenDocuments } from "../open-documents.ts";
import { isActiveAdministrator } from "./user-record.ts";
import type { Users } from "./users.ts";

const KEY = "api/administrators";
const listSchema = z.object({ ids: z.array(z.string()) });

/**
 * Which users are administrators, in one document: of two who remove each other at once, one fails. A user is entered after
 * it became an administrator, and leaves before it stops being one.
 */
export class Administrators {
  readonly #open: OpenDocuments;
  readonly #users: Pick<Users, "get">;

  constructor(open: OpenDocuments, users: Pick<Users, "get">) {
    this.#open = open;
    this.#users = users;
  }

  /** Notes an administrator. */
  async enter(id: string): Promise<void> {
    await changeDocument(await this.#open(), KEY, (present) => {
      const ids = idsIn(present?.value);
      return ids.includes(id) ? undefined : { value: { ids: [...ids, id] } };
    });
  }

  /** Before a user stops to be an administrator. @throws {@link CronduitError} `LAST_ADMINISTRATOR` */
  async leave(id: string): Promise<void> {
    await changeDocument(await this.#open(), KEY, async (present) => {
      const ids = idsIn(present?.value).filter((other) => other !== id);
      if (await this.#isOneActive(ids)) return { value: { ids } };
      throw new CronduitError(
        "LAST_ADMINISTRATOR",
        `"${id}" is the last administrator who can sign in.`,
      );
    });
  }

  /** Whether some administrator can sign in. */
  async exist(): Promise<boolean> {
    return this.#isOneActive(idsIn((await (await this.#open()).get(KEY))?.value));
  }

  async #isOneActive(ids: readonly string[]): Promise<boolean> {
    for (const id of ids) {
      const user = await this.#users.get(id);
      if (user && isActiveAdministrator(user)) return true;
    }
    return false;
  }
}

function idsIn(value: unknown): readonly string[] {
  return value === undefined ? [] : listSchema.parse(value).ids;
}
