/** Characters (UTF-16 units) that the key of a document may have. */
export const MAX_KEY_CHARS = 256;

/** Bytes that the value of a document may have as JSON, in UTF-8: 64 KiB. */
export const MAX_DOCUMENT_BYTES = 65_536;

/** Whether every server can keep it: no control characters, and no half of a surrogate pair. */
export function isDocumentKey(key: string): boolean {
  return key.length > 0 && key.length <= MAX_KEY_CHARS && !/\p{Cc}|\p{Cs}/u.test(key);
}
