import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import { CronduitError } from "../../core/errors.ts";
import type { StoredDocument } from "../../engine/port/engine.ts";
import { allDocuments, changeDocument, type OpenDocuments } from "../open-documents.ts";
import { isSameHash } from "./keyed-secret.ts";
import {
  type CodeSecret,
  hashOfRecoveryCode,
  makeCodeSecret,
  makeRecoveryCodes,
  stepOfCode,
} from "./one-time-codes.ts";
import type { Sealed, Sealer } from "./sealer.ts";
import type { User } from "./user-record.ts";

const PREFIX = "api/second-factors/";
/** How long a secret waits to be confirmed. */
const PENDING_MS = 10 * 60_000;
const CODE = /^\d{6}$/;

const sealedSchema = z.object({ key: z.string(), text: z.string() });
const recordSchema = z.object({
  /** Of the user who set it up. */
  uid: z.string(),
  /** `null`: none is confirmed. */
  on: z
    .object({
      secret: sealedSchema,
      /** The step of the last code that was good: none before or at it is good again. */
      lastStep: z.number(),
      /** Hashes of recovery codes that were not used. */
      recovery: z.array(z.string()),
    })
    .nullable(),
  /** A secret that was told, until it is confirmed by a code. */
  pending: z.object({ secret: sealedSchema, until: z.number() }).nullable(),
});
type FactorRecord = z.output<typeof recordSchema>;

/** How it stands with a user's second factor. */
export interface FactorState {
  readonly state: "off" | "pending" | "on";
  readonly recoveryCodesLeft: number;
}

/** What makes second factors. */
export interface SecondFactorParts {
  readonly open: OpenDocuments;
  readonly clock: Clock;
  /** Absent: this server has no secret, and none can be set up or used. */
  readonly sealer: Sealer | undefined;
  /** What authenticator apps show as the place. */
  readonly issuer: string;
}

/** Second factors of users: codes by time (RFC 6238), and ten recovery codes. */
export class SecondFactors {
  readonly #parts: SecondFactorParts;
  #renewing: Promise<void> | undefined;

  constructor(parts: SecondFactorParts) {
    this.#parts = parts;
  }

  /** How it stands with a user; for a name that nobody has, as with one who has none. */
  async stateOf(id: string, user: User | undefined): Promise<FactorState> {
    const record = recordOf(user, await (await this.#parts.open()).get(keyOf(id)));
    const isPending = (record?.pending?.until ?? 0) > this.#parts.clock.now();
    return {
      state: record?.on ? "on" : isPending ? "pending" : "off",
      recoveryCodesLeft: record?.on?.recovery.length ?? 0,
    };
  }

  /**
   * Makes a secret, which has to be confirmed in ten minutes; a later one replaces it.
   * @throws {@link CronduitError} `INVALID_STATE` if there is one that is confirmed, or no secret to seal by
   */
  async begin(user: User): Promise<CodeSecret> {
    const sealer = this.#requireSealer();
    const made = makeCodeSecret(this.#parts.issuer, user.id);
    const secret = sealer.seal(made.secret, placeOf(user));
    await this.#change(user, (record) => {
      if (record?.on)
        throw new CronduitError(
          "INVALID_STATE",
          "There is a second factor already: remove it first, or let an administrator reset it.",
        );
      const until = this.#parts.clock.now() + PENDING_MS;
      return { uid: user.uid, on: null, pending: { secret, until } };
    });
    return made;
  }

  /** Turns on what was begun. @returns the recovery codes, told only here; `undefined` for a wrong code, or if none was begun */
  async confirm(user: User, code: string): Promise<string[] | undefined> {
    const codes = makeRecoveryCodes();
    const recovery = codes.map(hashOfRecoveryCode);
    const isOn = await this.#change(user, (record) => {
      const { secret, until = 0 } = record?.pending ?? {};
      const now = this.#parts.clock.now();
      const step = secret && until > now ? this.#stepOf(user, secret, code) : undefined;
      if (!secret || step === undefined) return undefined;
      return { uid: user.uid, on: { secret, lastStep: step, recovery }, pending: null };
    });
    return isOn ? codes : undefined;
  }

  /** Uses a code up. Of two who send the same at once, one is let in. @returns whether it was good */
  async use(user: User, code: string): Promise<boolean> {
    return this.#change(user, (record) => {
      const { on } = record ?? {};
      if (!record || !on) return undefined;
      const next = CODE.test(code) ? this.#afterCode(user, on, code) : afterRecovery(on, code);
      return next && { ...record, on: next };
    });
  }

  /** Removes what a user has, also if it waits to be confirmed. */
  async remove(id: string): Promise<void> {
    await (await this.#parts.open()).delete(keyOf(id));
  }

  /** While secrets are rotated, seals all by the new one: once in a process, and again if that failed. Never throws. */
  async renew(): Promise<void> {
    if (this.#parts.sealer?.isRotating !== true) return;
    this.#renewing ??= this.#renewAll(this.#parts.sealer);
    await this.#renewing.catch(() => (this.#renewing = undefined));
  }

  async #renewAll(sealer: Sealer): Promise<void> {
    const documents = await this.#parts.open();
    for await (const { key } of allDocuments(documents, PREFIX))
      await changeDocument(documents, key, (present) => {
        const { data } = recordSchema.safeParse(present?.value);
        if (!data) return undefined;
        const place = placeOf({ id: key.slice(PREFIX.length), uid: data.uid });
        const renewed = <T extends { readonly secret: Sealed }>(part: T | null): T | null =>
          part && { ...part, secret: sealer.renew(part.secret, place) };
        const next = { ...data, on: renewed(data.on), pending: renewed(data.pending) };
        const isSame =
          next.on?.secret === data.on?.secret && next.pending?.secret === data.pending?.secret;
        return isSame ? undefined : { value: next, options: { stays: true } };
      });
  }

  #afterCode(user: User, on: NonNullable<FactorRecord["on"]>, code: string) {
    const step = this.#stepOf(user, on.secret, code);
    return step === undefined || step <= on.lastStep ? undefined : { ...on, lastStep: step };
  }

  #stepOf(user: User, secret: Sealed, code: string): number | undefined {
    const text = this.#parts.sealer?.open(secret, placeOf(user));
    return text === undefined || !CODE.test(code)
      ? undefined
      : stepOfCode(text, code, this.#parts.clock.now());
  }

  async #change(
    user: User,
    change: (record: FactorRecord | undefined) => FactorRecord | undefined,
  ): Promise<boolean> {
    const stored = await changeDocument(await this.#parts.open(), keyOf(user.id), (present) => {
      const value = change(recordOf(user, present));
      return value && { value, options: { stays: true } };
    });
    return stored !== undefined;
  }

  #requireSealer(): Sealer {
    if (this.#parts.sealer) return this.#parts.sealer;
    throw new CronduitError(
      "INVALID_STATE",
      "This server keeps no second factors: it has no secret to encrypt them by, `auth.jwt`.",
    );
  }
}

function afterRecovery(on: NonNullable<FactorRecord["on"]>, code: string) {
  const hash = hashOfRecoveryCode(code);
  const recovery = on.recovery.filter((other) => !isSameHash(other, hash));
  return recovery.length === on.recovery.length ? undefined : { ...on, recovery };
}

/** A former user of the same name had another `uid`. */
function recordOf(user: User | undefined, stored: StoredDocument | undefined) {
  const record = stored && recordSchema.parse(stored.value);
  return record?.uid === user?.uid ? record : undefined;
}

function keyOf(id: string): string {
  return `${PREFIX}${id}`;
}

/** A sealed secret of one user is none of another. */
function placeOf({ id, uid }: Pick<User, "id" | "uid">): string {
  return `${id} ${uid}`;
}
