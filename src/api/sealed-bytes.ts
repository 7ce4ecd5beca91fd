import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

const CIPHER = "aes-256-gcm";
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts, so that changes are noticed; another text each time.
 * @param key 32 bytes.
 * @param place What it belongs to: elsewhere it can't be opened.
 */
export function sealBytes(key: Buffer, content: Buffer, place = ""): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key, iv).setAAD(Buffer.from(place));
  const sealed = Buffer.concat([cipher.update(content), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString("base64url");
}

/** @returns `undefined` if it was sealed by another key, for another place, or was changed */
export function openBytes(key: Buffer, sealed: string, place = ""): Buffer | undefined {
  const all = Buffer.from(sealed, "base64url");
  if (all.length < IV_BYTES + TAG_BYTES) return undefined;
  const options = { authTagLength: TAG_BYTES };
  try {
    const cipher = createDecipheriv(CIPHER, key, all.subarray(0, IV_BYTES), options);
    cipher.setAAD(Buffer.from(place)).setAuthTag(all.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    const opened = cipher.update(all.subarray(IV_BYTES + TAG_BYTES));
    return Buffer.concat([opened, cipher.final()]);
  } catch {
    return undefined;
  }
}
