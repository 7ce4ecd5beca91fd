import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { checksOf, readVectors } from "../vectors/read-vectors.ts";

describe("fire-time vectors", () => {
  const files = readVectors(fileURLToPath(new URL("../vectors", import.meta.url)));

  it("has the files that it should read", () => {
    expect(files.size).toBeGreaterThanOrEqual(8);
  });

  for (const [file, vectors] of files) {
    it(`${file}: all ${vectors.length}`, () => {
      const failures: string[] = [];
      for (const { id, verify } of vectors.flatMap(checksOf)) {
        try {
          verify();
        } catch (error) {
          failures.push(`${id}: ${String(error)}`);
        }
      }
      expect(failures).toEqual([]);
      expect(vectors.length).toBeGreaterThan(0);
    });
  }
});
