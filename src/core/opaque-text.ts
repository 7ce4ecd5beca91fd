import { Buffer } from "node:buffer";

/** A value as callers keep it between two calls: opaque, so that nobody relies on what it says. */
export function toOpaqueText(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** Reads what {@link toOpaqueText} wrote; `undefined` for any other text. What it says may have been forged. */
export function fromOpaqueText(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, "base64url").toString());
  } catch {
    return undefined;
  }
}
