import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { z } from "zod";
import { CronduitError } from "../../core/errors.ts";
import type { OpenDocuments } from "../open-documents.ts";
import { sealBytes, openBytes } from "../sealed-bytes.ts";

const KEY = "api/event-ids";
const KEY_BYTES = 32;
/** Lengths are rounded up to this, so that they say nothing either. */
const BLOCK = 32;
const keySchema = z.object({ key: z.string() });

/**
 * Makes the ids of events from positions in the log. Positions count entries, also those of other people's events, so they are
 * encrypted, with a key that all processes of the fleet share: an id is good in each of them, and none can be made up.
 */
export class EventIds {
  readonly #open: OpenDocuments;
  #ids: Promise<SealedIds> | undefined;

  constructor(open: OpenDocuments) {
    this.#open = open;
  }

  /** Reads the key, or makes it. */
  ready(): Promise<SealedIds> {
    this.#ids ??= this.#readKey().then((key) => new SealedIds(key));
    this.#ids.catch(() => (this.#ids = undefined));
    return this.#ids;
  }

  async #readKey(): Promise<Buffer> {
    const documents = await this.#open();
    const found = await documents.get(KEY);
    if (found) return keyOf(found.value);
    const fresh = { key: randomBytes(KEY_BYTES).toString("base64url") };
    const put = await documents.putIfRevision(KEY, fresh, "absent", { stays: true });
    return keyOf(put.outcome === "stored" ? fresh : put.present?.value);
  }
}

function keyOf(value: unknown): Buffer {
  const key = Buffer.from(keySchema.safeParse(value).data?.key ?? "", "base64url");
  if (key.length === KEY_BYTES) return key;
  throw new CronduitError("INTERNAL", `The document "${KEY}" is not a key. Delete it.`);
}

/** Ids with a key that was read. */
export class SealedIds {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
  }

  /** The id of a position; another one each time, so that nobody learns that nothing happened between two. */
  seal(cursor: string): string {
    const length = Math.ceil(Buffer.byteLength(cursor) / BLOCK) * BLOCK;
    const text = Buffer.alloc(length, " ");
    text.write(cursor);
    return sealBytes(this.#key, text);
  }

  /** The position of an id; `undefined` for what is none of this fleet. */
  open(id: string): string | undefined {
    return openBytes(this.#key, id)?.toString().trimEnd();
  }
}
