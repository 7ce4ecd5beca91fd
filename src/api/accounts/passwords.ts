import { randomInt } from "node:crypto";
import { CronduitError } from "../../core/errors.ts";
import type { BreachedPasswords } from "./breached-passwords.ts";
import { Turns } from "./turns.ts";

/** Least and most characters of a password. */
export const PASSWORD_LENGTH = { min: 8, max: 128 } as const;

/** Words that this server is known by: a password needs enough characters besides them. */
const OWN_WORDS = ["cronduit", "scheduler", "pipeline", "admin", "password"];
/** Shorter names are in too many words. */
const MIN_NAME = 4;

/** Without letters and digits that are taken for each other when read aloud. */
const LETTERS = "abcdefghjkmnpqrstuvwxyz23456789";
const ONE_TIME_LENGTH = 26;

/** 19 MiB, two passes, one lane: what OWASP's Password Storage Cheat Sheet asks for at least; these are the library's defaults, too. */
const ARGON2ID = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** Hashes and checks passwords. A process does so for four at once, so that they can't take all its memory and threads. */
export class Passwords {
  readonly #turns = new Turns({ atOnce: 4, maxWaiting: 100 });
  #decoy: Promise<string> | undefined;
  #common: Promise<ReadonlySet<string>> | undefined;
  readonly #isBreached: BreachedPasswords | undefined;

  constructor(isBreached?: BreachedPasswords) {
    this.#isBreached = isBreached;
  }

  /** The hash to store; argon2id with a random salt. */
  async hash(password: string): Promise<string> {
    const { hash } = await import("@node-rs/argon2");
    return this.#turns.take(() => hash(password, ARGON2ID));
  }

  /**
   * Whether it is the password. Without a hash it never is, and takes as long.
   * @throws {@link CronduitError} `TOO_MANY_ATTEMPTS` while too many others are being checked
   */
  async verify(hash: string | undefined, password: string): Promise<boolean> {
    const { verify } = await import("@node-rs/argon2");
    this.#decoy ??= this.hash(this.makeOneTime());
    const decoy = await this.#decoy;
    const isRight = await this.#turns.take(() => verify(hash ?? decoy, password));
    return hash !== undefined && isRight;
  }

  /** A random password, good for 128 bits. */
  makeOneTime(): string {
    const letter = (): string => LETTERS.charAt(randomInt(LETTERS.length));
    return Array.from({ length: ONE_TIME_LENGTH }, letter).join("");
  }

  /**
   * Refuses passwords that others guess. Any characters will do.
   * @param path The field of the body that has it.
   * @throws {@link CronduitError} `WEAK_PASSWORD`
   */
  async requireStrong(password: string, login: string, path = "newPassword"): Promise<void> {
    const weak = (why: string): CronduitError => weakPassword(why, path);
    const { min, max } = PASSWORD_LENGTH;
    if (password.length < min || password.length > max)
      throw weak(`must have ${min} to ${max} characters`);
    const folded = password.toLowerCase();
    this.#common ??= loadCommon();
    if ((await this.#common).has(folded)) throw weak("is one of the most common ones");
    const words = login.length < MIN_NAME ? OWN_WORDS : [login, ...OWN_WORDS];
    const rest = words.reduce((left, word) => left.replaceAll(word, ""), folded);
    if (rest.length < folded.length && rest.length < min)
      throw weak("is made of the login name or this server's name");
    if ((await this.#isBreached?.(password)) === true) throw weak("is one that was leaked");
  }
}

/** Passwords that were leaked most often: 49,000, half of them long enough to be allowed. */
async function loadCommon(): Promise<ReadonlySet<string>> {
  const { dictionary } = await import("@zxcvbn-ts/language-common");
  const isLong = (word: string): boolean => word.length >= PASSWORD_LENGTH.min;
  return new Set(dictionary["passwords-common"].filter(isLong));
}

/** Says nothing of the password itself. */
function weakPassword(why: string, path: string): CronduitError {
  return new CronduitError("WEAK_PASSWORD", `The new password ${why}.`, {
    data: { path },
  });
}
