import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { brotliCompressSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { unpackTemplate } from "../../src/engine/embedded/folder-template.ts";
import { schemasOf } from "../../src/engine/postgres/schema-name.ts";

const SCHEMA = schemasOf("cronduit").queue;

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), "cronduit-template-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A template as scripts/folder-template.mjs packs it. */
function packed(index: unknown, ...contents: string[]): Buffer {
  const text = Buffer.from(JSON.stringify(index));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text, ...contents.map((each) => Buffer.from(each))]);
}

function unpacked(content: Buffer) {
  const file = join(temporary(), "template.br");
  writeFileSync(file, content);
  const folder = temporary();
  return { folder, none: unpackTemplate(folder, SCHEMA, pathToFileURL(file)) };
}

const INDEX = {
  folders: ["base", "base/1", "empty"],
  files: [
    ["PG_VERSION", 3],
    ["base/1/2", 4],
  ],
};

test("a template becomes the files and folders that it lists, for their owner alone", () => {
  const { folder, none } = unpacked(brotliCompressSync(packed(INDEX, "18\n", "abcd")));
  expect(none).toBeUndefined();
  expect(new Set(readdirSync(folder, { recursive: true, encoding: "utf8" }))).toEqual(
    new Set(["PG_VERSION", "base", "base/1", "base/1/2", "empty"]),
  );
  expect(readFileSync(join(folder, "base/1/2"), "utf8")).toBe("abcd");
  expect(statSync(join(folder, "PG_VERSION")).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, "base")).mode & 0o777).toBe(0o700);
});

test.each([
  ["is cut off", brotliCompressSync(packed(INDEX, "18\n", "abcd")).subarray(0, 40)],
  ["is not compressed", packed(INDEX, "18\n", "abcd")],
  ["lacks a content", brotliCompressSync(packed(INDEX, "18\n"))],
  ["has too much", brotliCompressSync(packed(INDEX, "18\n", "abcd", "e"))],
  ["is empty", Buffer.alloc(0)],
  ["lists something else", brotliCompressSync(packed({ files: 3 }))],
])("one that %s is told as a fault, with what is wrong", (_, content) => {
  const { none } = unpacked(content);
  expect(none).toMatchObject({ isExpected: false });
  expect(none?.reason).toMatch(/\w/);
});

test("that there is none, and none for another prefix, is no fault", () => {
  const missing = pathToFileURL(join(temporary(), "absent.br"));
  expect(unpackTemplate(temporary(), SCHEMA, missing)).toEqual({
    isExpected: true,
    reason: "this package has none",
  });
  expect(unpackTemplate(temporary(), schemasOf("other").queue)).toMatchObject({ isExpected: true });
});
