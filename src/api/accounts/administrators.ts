import { CronduitError } from "../../core/errors.ts";
import type { DocumentsPort } from "../../engine/port/engine.ts";
import { z } from "zod";
import { changeDocument, type OpenDocuments } from "./document-words.ts";
import { readUser } from "./user-record.ts";
import { USERS } from "./users.ts";

const KEY = "api/administrators";
const listSchema = z.object({ ids: z.array(z.string()) });

/**
 * Which users are administrators, in one document: of two who remove each other at once, one fails. A user is entered after
 * it became an administrator, and leaves before it stops being one.
 */
export class Administrators {
  readonly #open: OpenDocuments;

  constructor(open: OpenDocuments) {
    this.#open = open;
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
    const documents = await this.#open();
    let present = await documents.get(KEY);
    for (;;) {
      const ids = idsIn(present?.value);
      const others = ids.filter((other) => other !== id);
      if (!(await hasAdministrator(documents, others)))
        throw new CronduitError(
          "LAST_ADMINISTRATOR",
          `"${id}" is the last administrator who can sign in.`,
        );
      const value = { ids: others };
      const answer = await documents.putIfRevision(KEY, value, present?.revision ?? "absent");
      if (answer.outcome === "stored") return;
      ({ present } = answer);
    }
  }

  /** Whether some administrator can sign in. */
  async exist(): Promise<boolean> {
    const documents = await this.#open();
    return hasAdministrator(documents, idsIn((await documents.get(KEY))?.value));
  }
}

async function hasAdministrator(
  documents: DocumentsPort,
  ids: readonly string[],
): Promise<boolean> {
  for (const id of ids) {
    const stored = await documents.get(`${USERS}${id}`);
    const user = stored && readUser(id, stored.value);
    if (user && user.role === "admin" && !user.isDisabled) return true;
  }
  return false;
}

function idsIn(value: unknown): readonly string[] {
  return value === undefined ? [] : listSchema.parse(value).ids;
}
