import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** Characters of the part of an id that all of one user's have in common. */
const TAG = 12;
/** Characters of an id. */
const ID = 24;
/** Bytes of what nobody can guess: 160 bits. */
const SECRET_BYTES = 20;
const FORM = /^[0-9a-f]{64}$/;
const ID_FORM = /^[0-9a-f]{24}$/;

/** A text that gives access: what it names is stored, but of itself only a hash. */
export interface KeyedSecret {
  /** Given to its holder, once. */
  readonly text: string;
  /** Names it; no secret. */
  readonly id: string;
  /** SHA-256 of the text. A fast hash is enough for what has 160 random bits. */
  readonly hash: string;
}

/** Makes a secret of a user. @param prefix Says what it is, to people and to programs that look for leaked ones. */
export function makeKeyedSecret(prefix: string, userId: string): KeyedSecret {
  const id = tagOf(userId) + randomBytes((ID - TAG) / 2).toString("hex");
  const text = `${prefix}${id}${randomBytes(SECRET_BYTES).toString("hex")}`;
  return { text, id, hash: sha256(text) };
}

/** Reads what may be such a secret; `undefined` if it can't be one. */
export function readKeyedSecret(prefix: string, text: string): KeyedSecret | undefined {
  if (!text.startsWith(prefix) || !FORM.test(text.slice(prefix.length))) return undefined;
  return { text, id: text.slice(prefix.length, prefix.length + ID), hash: sha256(text) };
}

/** Whether two hashes are equal, in a time that does not depend on where they differ. */
export function isSameHash(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Whether it can be the id of such a secret. */
export function isSecretId(id: string): boolean {
  return ID_FORM.test(id);
}

/** Where a secret with this id is stored: those of one user are together. */
export function keyOfSecret(prefix: string, id: string): string {
  return `${prefix}${id.slice(0, TAG)}/${id.slice(TAG)}`;
}

/** Where all secrets of a user are stored. */
export function keysOfSecretsOf(prefix: string, userId: string): string {
  return `${prefix}${tagOf(userId)}/`;
}

/** SHA-256, in hexadecimal. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function tagOf(userId: string): string {
  return sha256(userId).slice(0, TAG);
}
