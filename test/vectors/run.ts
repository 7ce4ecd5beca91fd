import { argv, exitCode, stderr, stdout } from "node:process";
import process from "node:process";
import { checksOf, readVectors } from "./read-vectors.ts";

function failuresOf(vector: unknown): { id: string; message: string }[] {
  return checksOf(vector).flatMap(({ id, verify }) => {
    try {
      verify();
      return [];
    } catch (error) {
      return [{ id, message: error instanceof Error ? error.message : String(error) }];
    }
  });
}

/** Runs every vector of a folder: `npm run vectors -- DIR`. */
function main(directory: string): boolean {
  let passed = 0;
  let failed = 0;
  for (const [file, vectors] of readVectors(directory)) {
    for (const vector of vectors) {
      const failures = failuresOf(vector);
      for (const { id, message } of failures) stdout.write(`FAILED ${id} (${file}): ${message}\n`);
      if (failures.length === 0) passed += 1;
      else failed += 1;
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
