import fc from "fast-check";
import { expect, test } from "vitest";
import type { DocumentPage, DocumentsPort, Engine } from "../../src/engine/port/engine.ts";
import type { CaseContext } from "./suite.ts";

let prefixes = 0;

/** What a fleet keeps beside its jobs. */
export function documentCases({ bench, another }: CaseContext): void {
  /** Keys of one case. */
  const start = (): string => `case ${(prefixes += 1)}/`;
  const documents = (): DocumentsPort => bench().engine.documents;
  const put = async (...call: Parameters<DocumentsPort["putIfRevision"]>): Promise<number> => {
    const answer = await documents().putIfRevision(...call);
    if (answer.outcome !== "stored") throw new Error(`${call[0]} was not stored`);
    return answer.revision;
  };
  const all = async (prefix: string, limit: number): Promise<string[]> => {
    const keys: string[] = [];
    let cursor: string | undefined;
    do {
      const page: DocumentPage = await documents().list(prefix, cursor, limit);
      keys.push(...page.documents.map(({ key }) => key.slice(prefix.length)));
      ({ cursor } = page);
    } while (cursor !== undefined);
    return keys;
  };
  /** One of two connections in turn. */
  const port = (engines: readonly Engine[], i: number): DocumentsPort =>
    (engines[i % 2] ?? bench().engine).documents;
  const audit = () =>
    bench().engine.healing.audit({
      horizonMs: 0,
      offset: 0,
      limit: 1,
      overdueMs: 1e12,
      finishedRetentionMs: 1e12,
    });

  test("a document is stored, read, changed and deleted by its revision", async () => {
    const key = `${start()}one`;
    expect(await documents().get(key)).toBeUndefined();
    expect(await documents().delete(key)).toEqual({ outcome: "missing" });
    const first = await put(key, { a: [1, null, "ä"] }, "absent");
    expect(await documents().get(key)).toEqual({
      key,
      value: { a: [1, null, "ä"] },
      revision: first,
    });
    const second = await put(key, "text", first);
    expect(second).toBeGreaterThan(first);
    expect(await documents().get(key)).toEqual({ key, value: "text", revision: second });
    const present = { key, value: "text", revision: second };
    expect(await documents().delete(key, first)).toEqual({ outcome: "conflict", present });
    expect(await documents().delete(key, second)).toEqual({ outcome: "deleted" });
    expect(await documents().get(key)).toBeUndefined();
    expect(await documents().delete(key, second)).toEqual({ outcome: "missing" });
  });

  test("a wrong revision changes nothing, and tells what is there", async () => {
    const key = `${start()}one`;
    const none = { outcome: "conflict", present: undefined };
    expect(await documents().putIfRevision(key, 1, 7)).toEqual(none);
    const first = await put(key, 1, "absent");
    const second = await put(key, 2, first);
    const present = { key, value: 2, revision: second };
    for (const expected of ["absent", first, second + 1] as const) {
      const answer = await documents().putIfRevision(key, 3, expected);
      expect(answer).toEqual({ outcome: "conflict", present });
    }
    expect(await documents().get(key)).toEqual(present);
  });

  test("no revision is given twice, not even to a document that is made again", async () => {
    const key = `${start()}one`;
    const first = await put(key, 1, "absent");
    await documents().delete(key);
    const second = await put(key, 1, "absent");
    expect(second).toBeGreaterThan(first);
    expect(await documents().putIfRevision(key, 2, first)).toMatchObject({ outcome: "conflict" });
  });

  test("of many writers at once exactly one wins, and loses nothing of the others", async () => {
    const key = `${start()}one`;
    const engines = [bench().engine, (await another()).engine];
    const race = (expected: number | "absent") =>
      Promise.all(
        Array.from({ length: 12 }, (_, i) => port(engines, i).putIfRevision(key, i, expected)),
      );
    let expected: number | "absent" = "absent";
    for (let round = 0; round < 5; round += 1) {
      const answers = await race(expected);
      const winners = answers.filter((answer) => answer.outcome === "stored");
      expect(winners).toHaveLength(1);
      const value = answers.findIndex((answer) => answer.outcome === "stored");
      const stored = await documents().get(key);
      expect(stored).toMatchObject({
        value,
        revision: (winners[0] as { revision: number }).revision,
      });
      expected = stored?.revision ?? 0;
    }
    const deletions = await Promise.all(
      Array.from({ length: 6 }, (_, i) => port(engines, i).delete(key, Number(expected))),
    );
    expect(deletions.filter((answer) => answer.outcome === "deleted")).toHaveLength(1);
    expect(deletions.filter((answer) => answer.outcome === "missing")).toHaveLength(5);
  });

  test("a counter that many change loses no change", async () => {
    const key = `${start()}count`;
    const engines = [bench().engine, (await another()).engine];
    const addOne = async (own: DocumentsPort): Promise<void> => {
      for (;;) {
        const present = await own.get(key);
        const count = present === undefined ? 1 : Number(present.value) + 1;
        const answer = await own.putIfRevision(key, count, present?.revision ?? "absent");
        if (answer.outcome === "stored") return;
      }
    };
    await Promise.all(Array.from({ length: 20 }, (_, i) => addOne(port(engines, i))));
    expect(await documents().get(key)).toMatchObject({ value: 20 });
  });

  test("what has expired is not there for anybody, and is gone with the next audit", async () => {
    const b = bench();
    const prefix = start();
    const [brief, long, changed] = ["brief", "long", "changed"].map((name) => prefix + name);
    if (!brief || !long || !changed) throw new Error("unreachable");
    const expiresAt = b.now + 1_000;
    const first = await put(brief, 1, "absent", { expiresAt });
    await put(long, 2, "absent", { expiresAt: b.now + 1e9 });
    const short = await put(changed, 3, "absent", { expiresAt });
    await put(changed, 4, short);
    expect(await documents().get(brief)).toEqual({
      key: brief,
      value: 1,
      revision: first,
      expiresAt,
    });
    b.now += 999;
    expect(await all(prefix, 10)).toEqual(["brief", "changed", "long"]);
    b.now += 1;
    for (const isAudited of [false, true]) {
      expect(await documents().get(brief)).toBeUndefined();
      expect(await documents().getMany([brief, long])).toEqual([
        undefined,
        {
          key: long,
          value: 2,
          revision: expect.any(Number) as number,
          expiresAt: b.now + 1e9 - 1_000,
        },
      ]);
      expect(await all(prefix, 10)).toEqual(["changed", "long"]);
      expect(await documents().putIfRevision(brief, 5, first)).toEqual({
        outcome: "conflict",
        present: undefined,
      });
      expect(await documents().delete(brief, first)).toEqual({ outcome: "missing" });
      if (!isAudited) await audit();
    }
    const second = await put(brief, 6, "absent");
    expect(second).toBeGreaterThan(first);
    await audit();
    expect(await documents().get(brief)).toEqual({ key: brief, value: 6, revision: second });
    await put(brief, 7, second, { expiresAt: b.now });
    expect(await put(brief, 8, "absent")).toBeGreaterThan(second);
    expect(await all(prefix, 10)).toEqual(["brief", "changed", "long"]);
  });

  test("pages have each document that is there all the time once, whatever comes and goes", async () => {
    const b = bench();
    const prefix = start();
    const keyOf = (n: number): string => `${prefix}${String(n).padStart(3, "0")}`;
    for (let n = 0; n < 60; n += 2) await put(keyOf(n), n, "absent");
    for (let n = 10; n < 20; n += 2) {
      const { revision = 0 } = (await documents().get(keyOf(n))) ?? {};
      await put(keyOf(n), n, revision, { expiresAt: b.now + 1_000 });
    }
    b.now += 1_000;
    const seen: number[] = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const page: DocumentPage = await documents().list(prefix, cursor, 7);
      expect(page.documents.length).toBeLessThanOrEqual(7);
      seen.push(...page.documents.map(({ value }) => Number(value)));
      ({ cursor } = page);
      // Behind the cursor and before it; the one that the cursor names, too.
      if (cursor !== undefined) await documents().delete(cursor);
      await put(keyOf(1 + 2 * pages), 1_000, "absent");
      await put(keyOf(59 - 2 * pages), 1_000, "absent");
      pages += 1;
    } while (cursor !== undefined);
    const stayed = Array.from({ length: 30 }, (_, i) => 2 * i).filter((n) => n < 10 || n >= 20);
    expect(seen.filter((n) => n < 1_000)).toEqual(stayed);
  });

  test("a page ends where the prefix does", async () => {
    const prefix = start();
    const keys = ["a", "a/", "a/1", "a/2", "a0", "b"];
    for (const key of keys) await put(prefix + key, key, "absent");
    expect(await all(prefix, 2)).toEqual(keys);
    const of = async (part: string): Promise<string[]> => all(prefix + part, 1);
    expect(await of("a/")).toEqual(["", "1", "2"]);
    expect(await of("c")).toEqual([]);
    expect((await documents().list(`${prefix}a/`, `${prefix}a/1`, 5)).documents).toMatchObject([
      { key: `${prefix}a/2` },
    ]);
  });

  test("any text can be a key, and keys come in the order of their code points", async () => {
    const prefix = start();
    const hostile = [
      "__proto__",
      "constructor",
      "toString",
      "0",
      "-1",
      "%",
      "_",
      "\\",
      "'; DROP TABLE documents; --",
      "a b",
      "[",
      "(",
      "+",
      "-",
      "{}",
      "*",
      "\u00E4",
      "a\u0308",
      "\uFFFD",
      "\u{10FFFF}",
      "\u{1F600}",
      "\uFF5E",
      "\u2028",
      "x".repeat(256 - prefix.length),
    ];
    for (const key of hostile) await put(prefix + key, { key }, "absent");
    const byCodePoint = (a: string, b: string): number =>
      Buffer.compare(Buffer.from(a), Buffer.from(b));
    expect(await all(prefix, 5)).toEqual(hostile.toSorted(byCodePoint));
    const read = await documents().getMany(hostile.map((key) => prefix + key));
    expect(read.map((document) => document?.value)).toEqual(hostile.map((key) => ({ key })));
    expect(({} as { key?: unknown }).key).toBeUndefined();
  });

  test("any JSON can be a value, byte for byte", async () => {
    const prefix = start();
    let at = 0;
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (json) => {
        const value: unknown = JSON.parse(JSON.stringify(json));
        const key = `${prefix}${(at += 1)}`;
        await put(key, value, "absent");
        expect((await documents().get(key))?.value).toEqual(value);
      }),
      { numRuns: 30 },
    );
    const odd = { nul: "\u0000", half: "\uD83D", slash: "</script>", big: 1.7976931348623157e308 };
    await put(`${prefix}odd`, odd, "absent");
    expect((await documents().get(`${prefix}odd`))?.value).toEqual(odd);
  });

  test("a value of 64 KiB is stored, and a larger one refused", async () => {
    const key = `${start()}one`;
    const most = "ä".repeat((65_536 - 2) / 2);
    const revision = await put(key, most, "absent");
    expect((await documents().get(key))?.value).toBe(most);
    const more = documents().putIfRevision(key, `${most}a`, revision);
    await expect(more).rejects.toMatchObject({
      code: "PAYLOAD_TOO_LARGE",
      data: { bytes: 65_537 },
    });
    await expect(more).rejects.toThrow(/has 65537 bytes as JSON; 65536 are the limit/);
    expect(await documents().get(key)).toMatchObject({ revision });
  });

  test("what can't be a key, a value or a page is refused", async () => {
    const refused = { code: "INVALID_OPTION" };
    for (const key of ["", "a\u0000", "a\nb", "\u007F", "\uD800", "x".repeat(257)]) {
      await expect(documents().get(key)).rejects.toMatchObject(refused);
      await expect(documents().putIfRevision(key, 1, "absent")).rejects.toMatchObject(refused);
      await expect(documents().delete(key)).rejects.toMatchObject(refused);
    }
    await expect(documents().putIfRevision("k", undefined, "absent")).rejects.toMatchObject(
      refused,
    );
    for (const limit of [0, 1_001, 1.5, Number.NaN])
      await expect(documents().list("", undefined, limit)).rejects.toMatchObject(refused);
    const keys = Array.from({ length: 1_001 }, (_, i) => `k${i}`);
    await expect(documents().getMany(keys)).rejects.toMatchObject(refused);
    expect(await documents().getMany([])).toEqual([]);
  });

  test("documents change nothing of what jobs are told apart by", async () => {
    const b = bench();
    const before = (await b.engine.transfer.exportJobs(undefined, 1)).stamp;
    await put(`${start()}one`, 1, "absent");
    expect((await b.engine.transfer.exportJobs(undefined, 1)).stamp).toBe(before);
  });
}
