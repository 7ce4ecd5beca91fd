import { argv, exitCode, stderr, stdout } from "node:process";
import process from "node:process";
import { checksOf, readVectors } from "./read-vectors.ts";

/** Runs every vector of a folder: `npm run vectors -- DIR`. */
function main(directory: string): boolean {
  let passed = 0;
  let failed = 0;
  for (const [file, vectors] of readVectors(directory)) {
    for (const vector of vectors) {
      for (const { id, verify } of checksOf(vector)) {
        try {
          verify();
          passed += 1;
        } catch (error) {
          failed += 1;
          stdout.write(
            `FAILED ${id} (${file}): ${error instanceof Error ? error.message : String(error)}\n`,
          );
        }
      }
    }
  }
  stdout.write(`${passed} passed, ${failed} failed\n`);
  return failed === 0 && passed > 0;
}

const [, , directory] = argv;
if (directory === undefined) {
  stderr.write("Usage: npm run vectors -- DIR\n");
  process.exitCode = 2;
} else if (!main(directory)) {
  process.exitCode = exitCode ?? 1;
}
