/** What this browser remembers, as text. Storage may be off, or full: then nothing is remembered. */
export function readKept(name: string): string | undefined {
  try {
    return localStorage.getItem(`cronduit.${name}`) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Remembers a text; `undefined` forgets it. */
export function keep(name: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(`cronduit.${name}`);
    else localStorage.setItem(`cronduit.${name}`, value);
  } catch {
    // The page works without.
  }
}
