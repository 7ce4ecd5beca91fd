import { z } from "zod";
import type { Clock, EpochMs } from "../../core/clock.ts";
import { CronduitError } from "../../core/errors.ts";
import type { DocumentsPort } from "../../engine/port/engine.ts";
import { changeDocument, type OpenDocuments } from "../open-documents.ts";
import { sha256 } from "./keyed-secret.ts";

const PREFIX = "api/lock-outs/";
/** How long the first lock is; each further wrong password doubles it. */
const FIRST_LOCK_MS = 30_000;
const LONGEST_LOCK_MS = 15 * 60_000;
/** Wrong passwords are forgotten this long after the last. */
const MEMORY_MS = 60 * 60_000;

/**
 * Wrong passwords that are allowed before the first lock. Of an account more than of one address that tries it: otherwise
 * anybody could lock anybody out.
 */
export const ALLOWED_FAILURES = { account: 50, address: 30, both: 5 } as const;

type Kind = keyof typeof ALLOWED_FAILURES;
interface Counter {
  readonly kind: Kind;
  readonly key: string;
}

interface Failures {
  readonly failures: number;
  readonly lockedUntil: EpochMs;
}

const failuresSchema: z.ZodType<Failures> = z.object({
  failures: z.number(),
  lockedUntil: z.number(),
});

/** An attempt that counts as a failure until it is said to be a success. */
export interface Attempt {
  succeeded(): Promise<void>;
  /** It was none, since something was missing: takes back what it counted, and forgives nothing else. */
  withdraw(): Promise<void>;
}

/**
 * Slows down who guesses passwords: counts wrong ones by account, by address, and by both together. Unknown names are counted
 * as known ones are, so that nothing tells which exist.
 */
export class LockOut {
  readonly #open: OpenDocuments;
  readonly #clock: Clock;

  constructor(open: OpenDocuments, clock: Clock) {
    this.#open = open;
    this.#clock = clock;
  }

  /**
   * Begins an attempt. It is counted before the password is looked at, so that many at once are no way around.
   * @param account A login name; `undefined`: something else is guessed, and only the address counts.
   * @throws {@link CronduitError} `TOO_MANY_ATTEMPTS`
   */
  async begin(account: string | undefined, address: string | undefined): Promise<Attempt> {
    const documents = await this.#open();
    const counters = countersOf(account, address);
    // None is counted if another is locked.
    const present = await documents.getMany(counters.map(({ key }) => key));
    for (const stored of present) this.#requireOpen(failuresIn(stored?.value));
    for (const counter of counters) await this.#count(documents, counter);
    return {
      succeeded: () => this.#forgive(counters),
      withdraw: () => this.#takeBack(counters),
    };
  }

  async #takeBack(counters: readonly Counter[]): Promise<void> {
    const documents = await this.#open();
    for (const { kind, key } of counters)
      await changeDocument(documents, key, (stored) => {
        const before = failuresIn(stored?.value);
        const failures = Math.max(0, before.failures - 1);
        // A lock that others have caused meanwhile stays.
        const lockedUntil = failures < ALLOWED_FAILURES[kind] ? 0 : before.lockedUntil;
        return { value: { failures, lockedUntil }, options: this.#keptUntil(lockedUntil) };
      });
  }

  async #count(documents: DocumentsPort, { kind, key }: Counter): Promise<void> {
    await changeDocument(documents, key, (stored) => {
      const before = failuresIn(stored?.value);
      this.#requireOpen(before);
      const failures = before.failures + 1;
      const now = this.#clock.now();
      const lockedUntil = now + lockMs(failures - ALLOWED_FAILURES[kind]);
      return { value: { failures, lockedUntil }, options: this.#keptUntil(lockedUntil) };
    });
  }

  /** Takes back what the attempt counted. A person who signs in does not take back what others did from elsewhere. */
  async #forgive(counters: readonly Counter[]): Promise<void> {
    const documents = await this.#open();
    for (const { kind, key } of counters) {
      if (kind === "both") await documents.delete(key);
      else
        await changeDocument(documents, key, (stored) => {
          const failures = Math.max(0, failuresIn(stored?.value).failures - 1);
          return { value: { failures, lockedUntil: 0 }, options: this.#keptUntil(0) };
        });
    }
  }

  #requireOpen({ lockedUntil }: Failures): void {
    const leftMs = lockedUntil - this.#clock.now();
    if (leftMs <= 0) return;
    throw new CronduitError("TOO_MANY_ATTEMPTS", "There were too many wrong passwords.", {
      data: { retryAfterSeconds: Math.ceil(leftMs / 1_000) },
    });
  }

  #keptUntil(at: EpochMs) {
    return { expiresAt: Math.max(at, this.#clock.now()) + MEMORY_MS, stays: true };
  }
}

/** @param beyond How many failures more than allowed, from 0. */
function lockMs(beyond: number): number {
  return beyond < 0 ? 0 : Math.min(LONGEST_LOCK_MS, FIRST_LOCK_MS * 2 ** Math.min(beyond, 20));
}

function countersOf(account: string | undefined, address: string | undefined): Counter[] {
  const from = address ?? "";
  const counter = (kind: Kind, what: string): Counter => ({
    kind,
    // Hashed: names may have any length and any characters here.
    key: `${PREFIX}${kind}/${sha256(what)}`,
  });
  if (account === undefined) return [counter("address", from)];
  return [
    counter("both", JSON.stringify([account, from])),
    counter("address", from),
    counter("account", account),
  ];
}

function failuresIn(value: unknown): Failures {
  return value === undefined ? { failures: 0, lockedUntil: 0 } : failuresSchema.parse(value);
}
