import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type ChangePage,
  type ChangeQuery,
  ChangeHistory,
} from "../../src/history/change-history.ts";
import type { Actor } from "../../src/jobs/actor.ts";
import { PipelineRegistry } from "../../src/pipeline/registry.ts";
import { z } from "zod";
import { systemClock } from "../../src/core/clock.ts";
import { Pipeline } from "../../src/index.ts";
import { exportOptionsSchema } from "../../src/scheduler/transfer/export-options.ts";
import { exportState } from "../../src/scheduler/transfer/export-state.ts";
import { clockText, TestFleet } from "../helpers/test-fleet.ts";
import { TESTER } from "../helpers/tester.ts";

const everyMinute = { trigger: "interval", minutes: 1, startDate: "2026-03-01 12:00" } as const;
const ANN: Actor = { kind: "user", id: "ann" };

describe("getChanges: what was changed, by whom, the newest first; a page at a time", () => {
  let fleet: TestFleet;

  const read = (query: ChangeQuery = {}, scope: "all" | string[] = "all"): Promise<ChangePage> =>
    new ChangeHistory(fleet.engine, new PipelineRegistry()).page(scope, query, "UTC");
  const texts = ({ changes }: ChangePage): string[] =>
    changes.map(({ at, what, by, jobId, count }) =>
      [clockText(at).slice(0, 5), what, jobId ?? count, by.id].join(" "),
    );

  beforeAll(async () => {
    fleet = await TestFleet.open({ start: "2026-03-01 11:00" });
    await fleet.add({ id: "job", ...everyMinute, owner: "red" });
    await fleet.add({ id: "other", ...everyMinute });
    fleet.moveTo("11:10");
    await fleet.desk.pause("job", "too loud");
    fleet.moveTo("11:20");
    await fleet.desk.modify("job", { misfireGraceTime: "5m", maxInstances: 2 }, "modifyJob");
    fleet.moveTo("11:30");
    await fleet.desk.resume("job");
    await fleet.engine.changes.note({ by: ANN, what: "fleet-paused" });
  });

  afterAll(async () => {
    await fleet[Symbol.asyncDispose]();
  });

  test("of the fleet, page by page", async () => {
    const whole = await read();
    expect(new Set(texts(whole))).toEqual(
      new Set([
        "11:30 fleet-paused 1 ann",
        "11:30 resumed job test",
        "11:20 modified job test",
        "11:10 paused job test",
        "11:00 added other test",
        "11:00 added job test",
      ]),
    );
    expect(whole.cursor).toBeUndefined();
    const first = await read({ limit: 4 });
    const second = await read({ limit: 4, cursor: first.cursor });
    expect([...first.changes, ...second.changes]).toEqual(whole.changes);
    expect(second.cursor).toBeUndefined();
    expect(new Set(whole.changes.map(({ id }) => id)).size).toBe(6);
  });

  test("by actor, by what was done, and by time", async () => {
    expect(texts(await read({ actor: "ann" }))).toEqual(["11:30 fleet-paused 1 ann"]);
    expect(texts(await read({ actor: { kind: "user" } }))).toEqual(["11:30 fleet-paused 1 ann"]);
    expect(texts(await read({ what: ["paused", "resumed"] }))).toEqual([
      "11:30 resumed job test",
      "11:10 paused job test",
    ]);
    expect(texts(await read({ from: "2026-03-01 11:05", to: "2026-03-01 11:25" }))).toEqual([
      "11:20 modified job test",
      "11:10 paused job test",
    ]);
    expect(texts(await read({ from: "2026-03-02" }))).toEqual([]);
    expect(texts(await read({ to: "2026-02-28" }))).toEqual([]);
  });

  test("a page that a filter leaves short goes on behind it", async () => {
    const first = await read({ what: "added", limit: 1 });
    expect(first.changes).toHaveLength(1);
    const rest = await read({ what: "added", cursor: first.cursor });
    expect(rest.changes).toHaveLength(1);
    expect(rest.changes).not.toEqual(first.changes);
  });

  test("of one job, with when it was added, and from what to what", async () => {
    const { changes, cursor, isCut } = await read({ jobId: "job" });
    expect(changes.map(({ what, by }) => [what, by.id])).toEqual([
      ["resumed", TESTER.id],
      ["modified", TESTER.id],
      ["paused", TESTER.id],
      ["added", "unknown"],
    ]);
    expect(changes[1]?.differences).toEqual([
      { field: "maxInstances", from: "1", to: "2" },
      { field: "misfireGraceTime", from: "null", to: '"5m"' },
    ]);
    expect(changes[2]).toMatchObject({ reason: "too loud", at: new Date("2026-03-01T11:10Z") });
    expect([cursor, isCut]).toEqual([undefined, false]);
    const first = await read({ jobId: "job", limit: 3 });
    const second = await read({ jobId: "job", cursor: first.cursor });
    expect([...first.changes, ...second.changes]).toEqual(changes);
  });

  test("of jobs of others there are none, nor of what is nobody's", async () => {
    expect(texts(await read({}, ["red"]))).toEqual([
      "11:30 resumed job test",
      "11:20 modified job test",
      "11:10 paused job test",
      "11:00 added job test",
    ]);
    expect(await read({}, ["blue"])).toMatchObject({ changes: [], cursor: undefined });
    expect((await read({ jobId: "job" }, ["red"])).changes).toHaveLength(4);
    expect((await read({ jobId: "job" }, ["blue"])).changes).toEqual([]);
    expect((await read({ jobId: "other" }, ["red"])).changes).toEqual([]);
  });

  test("of a removed job, and who added it if that was no program", async () => {
    await fleet.engine.changes.note({ by: ANN, what: "logs-deleted", jobId: "other", count: 3 });
    await fleet.desk.remove("other");
    const { changes } = await read({ jobId: "other" });
    expect(changes.map(({ what }) => what)).toEqual(["removed", "logs-deleted", "added"]);
    await expect(read({ jobId: "nobody" })).rejects.toMatchObject({ code: "JOB_NOT_FOUND" });
  });

  test("a param that its schema marks as secret by now is told nowhere, though it was none then", async () => {
    await using other = await TestFleet.open();
    const token = "tok-4711-before";
    const auth = { user: "ann", token };
    await other.add({
      id: "job",
      ...everyMinute,
      params: { token, auth, list: [{ token }], n: 1 },
    });
    const changed = { token: "tok-4711-after", auth: { user: "ann" }, list: [], n: 2 };
    await other.desk.modify("job", { params: changed }, "modifyJob");
    await other.desk.modify("job", { params: { n: 3 } }, "modifyJob");
    const secret = z.string().optional().meta({ secret: true });
    class Work extends Pipeline {
      static override params = z.looseObject({
        token: secret,
        auth: z.object({ user: z.string(), token: secret }).optional(),
        list: z.array(z.object({ token: secret })).optional(),
        n: z.number(),
      });
      run(): void {}
    }
    const registry = new PipelineRegistry([Work]);
    for (const query of [{}, { jobId: "job" }]) {
      const { changes } = await new ChangeHistory(other.engine, registry).page("all", query, "UTC");
      expect(JSON.stringify(changes)).not.toContain("tok-4711");
      const modified = changes.filter(({ what }) => what === "modified");
      expect(modified.at(-1)?.differences).toEqual([
        { field: "params.token", from: "[secret]", to: "[secret]" },
        { field: "params.auth.token", from: "[secret]", to: "[secret]" },
        { field: "params.list.0", from: "[secret]", to: "[secret]" },
        { field: "params.n", from: "1", to: "2" },
      ]);
      expect(modified[0]?.differences).toContainEqual({ field: "params.n", from: "2", to: "3" });
    }
    let state = "";
    const parts = { engine: other.engine, clock: systemClock, registry, by: TESTER };
    const settings = exportOptionsSchema.parse({ drain: 0 });
    for await (const line of exportState(parts, settings)) state += line;
    expect(state).toContain('"kind":"revision"');
    expect(state).not.toContain("tok-4711");
  });

  test("a wrong query is refused", async () => {
    await expect(read({ cursor: "nonsense" })).rejects.toMatchObject({ code: "INVALID_OPTION" });
    await expect(read({ jobId: "job", cursor: "x" })).rejects.toThrow(/cursor/);
    await expect(read({ from: "2026-03-02", to: "2026-03-01" })).rejects.toThrow(/Swap/);
  });
});
