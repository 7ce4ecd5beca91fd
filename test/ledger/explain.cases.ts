import { describe, expect, test } from "vitest";
import { EngineBench } from "../helpers/engine-bench.ts";

const everyMinute = { trigger: "interval", minutes: 1, startDate: "2026-03-01 12:00" } as const;

async function said(bench: EngineBench, when: string, id = "job"): Promise<[string, string]> {
  const { state, text } = await bench.explain(id, when);
  return [state, text];
}

describe("explain: what happened to the occurrence of one time, and why", () => {
  test("succeeded and failed, with worker, lateness and error", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyMinute });
    bench.moveTo("12:00:05");
    await bench.work();
    bench.act = () => {
      throw new TypeError("no luck");
    };
    await bench.workTo("12:01");
    const [state, text] = await said(bench, "12:00:00");
    const { run } = await bench.explain("job", "12:00:00");
    expect(state).toBe("succeeded");
    expect(run?.verdict).toBe("succeeded");
    expect(text).toContain("The occurrence of 2026-03-01T12:00:00.000Z ran on worker ");
    expect(text).toContain(String(run?.worker));
    expect(text).toMatch(/5 ?s.* late, and succeeded/);
    expect(await said(bench, "12:01:00")).toEqual([
      "failed",
      expect.stringContaining("failed: no luck"),
    ]);
  });

  test("missed, with the rule; coalesced, with the run; each time of a group", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyMinute, misfireGraceTime: 10 });
    bench.moveTo("12:02:30");
    await bench.work();
    for (const when of ["12:00:00", "12:01:00", "12:02:00"]) {
      const [state, text] = await said(bench, when);
      expect(state).toBe("missed");
      expect(text).toContain("was missed");
      expect(text).toContain("misfireGraceTime is 10");
      expect(text).toContain("together with 2 others");
    }
    bench.moveTo("12:05:05");
    await bench.work();
    const ran = (await bench.explain("job", "12:05:00")).run;
    for (const when of ["12:03:00", "12:04:00"]) {
      const [state, text] = await said(bench, when);
      expect(state).toBe("coalesced");
      expect(text).toContain(`merged into the run ${ran?.id}`);
    }
  });

  test("a time within a group that is no occurrence: none", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyMinute, misfireGraceTime: 10 });
    bench.moveTo("12:02:30");
    await bench.work();
    const [state, text] = await said(bench, "12:01:30");
    expect(state).toBe("none");
    expect(text).toContain("not due at 2026-03-01T12:01:30.000Z");
    expect(text).toContain("the one before is 2026-03-01T12:01:00.000Z");
    expect(text).toContain("the next is 2026-03-01T12:02:00.000Z");
  });

  test("running, queued, and skipped: max-instances", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyMinute, coalesce: false });
    bench.isHolding = true;
    bench.moveTo("12:01:30");
    await bench.work();
    expect(await said(bench, "12:00:00")).toEqual([
      "running",
      expect.stringContaining("is running on worker"),
    ]);
    expect(await said(bench, "12:01:00")).toEqual([
      "queued",
      expect.stringContaining("waits for a worker, for an earlier run"),
    ]);
    await bench.workTo("12:02:00");
    expect(await said(bench, "12:02:00")).toEqual([
      "skipped",
      expect.stringContaining("as many runs as maxInstances allows had not finished"),
    ]);
  });

  test("retrying: given back by a worker", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyMinute });
    bench.isHolding = true;
    await bench.workTo("12:00:00");
    const runId = bench.held[0] ?? "";
    await bench.engine.handBack({ jobId: "job", queueJobId: runId, start: 1 });
    expect(await said(bench, "12:00:00")).toEqual([
      "retrying",
      expect.stringContaining("was given back by worker"),
    ]);
  });

  test("skipped: paused, rescheduled, removed", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyMinute });
    bench.moveTo("12:00:30");
    await bench.desk.pause("job", undefined);
    await bench.desk.resume("job");
    expect((await said(bench, "12:00:00"))[1]).toContain(
      "skipped at 2026-03-01T12:00:30.000Z: the job was paused",
    );
    bench.moveTo("12:01:30");
    await bench.desk.modify(
      "job",
      { trigger: "interval", minutes: 1, startDate: "2026-03-01 12:00:20" },
      "rescheduleJob",
    );
    // The schedule is another by now; what is asked for is an instant of the ledger.
    expect((await said(bench, "12:01:00"))[1]).toContain("was given another schedule");
    bench.moveTo("12:02:30");
    await bench.desk.remove("job");
    expect(await said(bench, "12:02:20")).toEqual([
      "skipped",
      expect.stringContaining("the job was removed"),
    ]);
  });

  test("future, due, none before the job was, and paused", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyMinute });
    expect(await said(bench, "12:05:00")).toEqual([
      "future",
      expect.stringMatching(/has not come yet: it is due in 5 ?m/),
    ]);
    bench.moveTo("12:00:20");
    expect(await said(bench, "12:00:00")).toEqual([
      "due",
      expect.stringMatching(/has been due for 20 ?s.*no worker has taken it/),
    ]);
    expect((await said(bench, "11:00:00"))[0]).toBe("none");
    await bench.work();
    await bench.desk.pause("job", "spring cleaning");
    expect(await said(bench, "12:05:00")).toEqual([
      "future",
      expect.stringContaining("is paused since 2026-03-01T12:00:20.000Z (spring cleaning)"),
    ]);
    bench.moveTo("12:01:20");
    expect((await said(bench, "12:01:00"))[0]).toBe("due");
  });

  test("an occurrence before the job was added: none, with the reason", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 12:10:30" });
    await bench.add({ id: "job", ...everyMinute });
    expect(await said(bench, "12:05:00")).toEqual([
      "none",
      expect.stringContaining("did not exist at 2026-03-01T12:05:00.000Z"),
    ]);
  });

  test("unknown: no such job, or its record is gone", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyMinute, retention: { count: 1 } });
    await bench.workTo("12:05");
    expect(await said(bench, "12:00:00")).toEqual([
      "unknown",
      expect.stringContaining("was decided, but its record is gone: retention keeps 1 row"),
    ]);
    expect(await said(bench, "12:00:00", "none")).toEqual([
      "unknown",
      expect.stringContaining('There is no job "none"'),
    ]);
  });

  test("a manual run by its time; an occurrence with jitter by its nominal time", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyMinute, jitter: 50 });
    await bench.ask("job");
    await bench.work();
    expect((await said(bench, "11:59:59"))[1]).toContain("The manual run of");
    await bench.workTo("12:01");
    expect((await said(bench, "12:00:00"))[1]).toContain("(with jitter 2026-03-01T12:00:");
  });

  test("every verdict of every occurrence has an explanation of the same state", async () => {
    await using bench = await EngineBench.open({ start: "2026-03-01 11:59:59" });
    await bench.add({ id: "job", ...everyMinute, misfireGraceTime: 30 });
    await bench.workTo("12:02");
    bench.moveTo("12:05:40");
    await bench.work();
    bench.moveTo("12:08:10");
    await bench.work();
    const expected = [
      "succeeded",
      "succeeded",
      "succeeded",
      "missed",
      "missed",
      "missed",
      "coalesced",
      "coalesced",
      "succeeded",
    ];
    for (const [minute, state] of expected.entries())
      expect((await said(bench, `12:0${minute}:00`))[0]).toBe(state);
  });
});
