import { randomBytes, randomInt } from "node:crypto";
import { Secret, TOTP } from "otpauth";
import type { EpochMs } from "../../core/clock.ts";
import { sha256 } from "./keyed-secret.ts";

const PERIOD_MS = 30_000;
/** As RFC 4226 recommends. */
const SECRET_BYTES = 20;
const RECOVERY_CODES = 10;
/** Without letters and digits that are taken for each other. */
const LETTERS = "abcdefghjkmnpqrstuvwxyz23456789";
/** Groups of so many letters; 138 bits in all. */
const GROUPS = [7, 7, 7, 7];

/** What an authenticator app is told, once. */
export interface CodeSecret {
  /** In Base32, for typing. */
  readonly secret: string;
  /** The same as `otpauth://…`, for a QR code. */
  readonly uri: string;
}

/** SHA-1, six digits, 30 seconds: what all apps know (RFC 6238). */
function totpOf(secret: string, more: { readonly issuer?: string; readonly label?: string } = {}) {
  const rules = { algorithm: "SHA1", digits: 6, period: PERIOD_MS / 1_000 } as const;
  return new TOTP({ ...rules, secret: Secret.fromBase32(secret), ...more });
}

/** Makes a secret for codes. @param issuer What the app shows as the place. */
export function makeCodeSecret(issuer: string, user: string): CodeSecret {
  const bytes = Uint8Array.from(randomBytes(SECRET_BYTES));
  const secret = new Secret({ buffer: bytes.buffer }).base32;
  return { secret, uri: totpOf(secret, { issuer, label: user }).toString() };
}

/** The step of time that a code is of: this one, the one before or the next, for clocks that differ; `undefined`: it is wrong. */
export function stepOfCode(secret: string, code: string, now: EpochMs): number | undefined {
  const delta = totpOf(secret).validate({ token: code, timestamp: now, window: 1 });
  return delta === null ? undefined : Math.floor(now / PERIOD_MS) + delta;
}

/** Codes for whoever has lost the app: each is good once. */
export function makeRecoveryCodes(): string[] {
  const letter = (): string => LETTERS.charAt(randomInt(LETTERS.length));
  const group = (length: number): string => Array.from({ length }, letter).join("");
  return Array.from({ length: RECOVERY_CODES }, () => GROUPS.map(group).join("-"));
}

/** What is stored of a recovery code. A fast hash is enough for what has 138 random bits. */
export function hashOfRecoveryCode(written: string): string {
  return sha256(`recovery ${written.toLowerCase().replaceAll(/[\s-]/g, "")}`);
}
