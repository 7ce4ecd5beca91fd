import { CronduitError } from "./errors.ts";

/** The libraries on whose internals we rely, and their versions in package.json. */
export const KNOWN_LIBRARIES = { bullmq: "~6.7.0", ioredis: "^5.11.1", pg: "^8.23.1" } as const;

/** For an installed library whose internals are not those we know. @param lacks Follows the library's name */
export function unsupportedLibrary(
  library: keyof typeof KNOWN_LIBRARIES,
  lacks: string,
  cause?: unknown,
): CronduitError {
  const expected = KNOWN_LIBRARIES[library];
  return new CronduitError(
    "UNSUPPORTED_LIBRARY",
    `the installed ${library} ${lacks}; cronduit relies on that and was built for ${library} ${expected}. Install that version (\`npm ls ${library}\` shows what is installed and why), or another version of cronduit.`,
    { cause, data: { library, expected } },
  );
}
