import { describe, expect, test } from "vitest";
import { TestFleet } from "../helpers/test-fleet.ts";

const everyMinute = { trigger: "interval", minutes: 1 } as const;

async function oneJob(fleet: TestFleet): Promise<number> {
  await fleet.add({ id: "job", ...everyMinute });
  return (await fleet.desk.get("job")).revision;
}

const changed = (revision: number | null) =>
  expect.objectContaining({
    code: "REVISION_CHANGED",
    data: expect.objectContaining({ jobId: "job", revision }) as unknown,
  }) as Error;

type Change = (fleet: TestFleet, ifRevision: number) => Promise<unknown>;

const CHANGES: Readonly<Record<string, Change>> = {
  modifyJob: ({ desk }, ifRevision) =>
    desk.modify("job", { description: "new", ifRevision }, "modifyJob"),
  pauseJob: ({ desk }, ifRevision) => desk.pause("job", { ifRevision }),
  resumeJob: ({ desk }, ifRevision) => desk.resume("job", { ifRevision }),
  removeJob: ({ desk }, ifRevision) => desk.remove("job", { ifRevision }),
  overrideJob: ({ desk }, ifRevision) =>
    desk.overrides.override("job", { paused: true, ifRevision }),
  clearOverride: ({ desk }, ifRevision) => desk.overrides.clear("job", undefined, { ifRevision }),
  addJob: (fleet, ifRevision) => fleet.add({ id: "job", trigger: "manual", ifRevision }),
};

describe("ifRevision: a change is made only of the job that was read", () => {
  test.each(Object.entries(CHANGES))("%s", async (_, change) => {
    await using fleet = await TestFleet.open();
    const revision = await oneJob(fleet);
    await expect(change(fleet, revision + 1)).rejects.toEqual(changed(revision));
    expect((await fleet.desk.get("job")).revision).toBe(revision);
    await change(fleet, revision);
  });

  test("of two writers who read the same, one changes it", async () => {
    await using fleet = await TestFleet.open();
    const ifRevision = await oneJob(fleet);
    const write = (description: string) =>
      fleet.desk.modify("job", { description, ifRevision }, "modifyJob");
    const ends = await Promise.allSettled([write("ann"), write("bob")]);
    const won = ends.filter(({ status }) => status === "fulfilled");
    const lost = ends.flatMap((end) => (end.status === "rejected" ? [end.reason as Error] : []));
    expect(won).toHaveLength(1);
    expect(lost).toEqual([changed((await fleet.desk.get("job")).revision)]);
  });

  test("none: a new job only, though it is declared as the stored one", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({ id: "job", ...everyMinute, ifRevision: "none" });
    const { revision } = await fleet.desk.get("job");
    const again = fleet.add({ id: "job", ...everyMinute, ifRevision: "none" });
    await expect(again).rejects.toEqual(changed(revision));
    const other = fleet.add({ id: "job", trigger: "manual", ifRevision: "none" });
    await expect(other).rejects.toEqual(changed(revision));
  });

  test("a job that is to be replaced and is gone is not added", async () => {
    await using fleet = await TestFleet.open();
    const ifRevision = await oneJob(fleet);
    await fleet.desk.remove("job");
    const replaced = fleet.add({ id: "job", ...everyMinute, ifRevision });
    await expect(replaced).rejects.toEqual(changed(null));
    await expect(fleet.desk.get("job")).rejects.toMatchObject({ code: "JOB_NOT_FOUND" });
  });
});

describe('replaceExisting "always": as given, whatever was changed since', () => {
  const cron = { trigger: "cron", hour: 3 } as const;
  const always = { replaceExisting: "always" } as const;

  test("a changed rule and a changed schedule are undone", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({ id: "job", ...cron, description: "as declared" });
    const { definition } = await fleet.desk.get("job");
    await fleet.desk.modify(
      "job",
      { description: "changed", trigger: "cron", hour: 4 },
      "modifyJob",
    );
    await fleet.add({ id: "job", ...cron, description: "as declared", replaceExisting: true });
    expect((await fleet.desk.get("job")).definition).toMatchObject({ description: "changed" });
    await fleet.add({ id: "job", ...cron, description: "as declared", ...always });
    expect((await fleet.desk.get("job")).definition).toEqual(definition);
  });

  test("again and again, nothing changes, and an interval keeps its beginning", async () => {
    await using fleet = await TestFleet.open();
    const job = { id: "job", trigger: "interval", minutes: 7 } as const;
    await fleet.add({ id: "job", ...cron });
    fleet.moveTo("12:03");
    await fleet.add({ ...job, ...always });
    const stored = await fleet.desk.get("job");
    fleet.moveTo("12:05");
    await fleet.add({ ...job, ...always });
    expect(await fleet.desk.get("job")).toEqual(stored);
  });
});
