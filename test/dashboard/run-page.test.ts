// The page of a run in a real browser: why, steps, its log searched by the server and followed; what a hostile program wrote.
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type { Page } from "playwright-core";
import { TestBrowser } from "./browser.ts";
import { DashboardFleet } from "./dashboard-fleet.ts";

let fleet: DashboardFleet;
let browser: TestBrowser;
let page: Page;

beforeAll(async () => {
  fleet = await DashboardFleet.start({ files: inject("dashboardFiles"), kind: "live" });
  await fleet.setUp();
  browser = await TestBrowser.launch();
  page = await browser.open(fleet.at("/"));
  await fleet.signIn(page);
}, 120_000);

afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await fleet[Symbol.asyncDispose]();
});

const runsOf = async (jobId: string, verdict: "failed" | "skipped" | "succeeded") =>
  (await fleet.client.listJobRuns({ path: { jobId }, query: { verdict, limit: 1 } })).items;

test("a failed run says what went wrong, and is run again", async () => {
  const [run] = await runsOf("nightly-backup", "failed");
  await page.goto(fleet.at(`/run/${encodeURIComponent(run?.id ?? "")}`));
  await page.getByRole("heading", { name: /nightly-backup failed/ }).waitFor();
  expect(await page.locator(".note.broken").textContent()).toContain("No space left on device");
  await page.locator(".gantt", { hasText: "prepare" }).waitFor();
  await page.getByRole("button", { name: "Run again" }).click();
  await expect.poll(() => page.url()).not.toContain(encodeURIComponent(run?.id ?? ""));
  await page.getByRole("heading", { name: /nightly-backup (?:failed|succeeded)/ }).waitFor();
});

test("an occurrence that did not run says why", async () => {
  const [run] = await runsOf("orders-to-warehouse", "skipped");
  await page.goto(fleet.at(`/run/${encodeURIComponent(run?.id ?? "")}`));
  await expect
    .poll(() => page.locator(".lead").textContent())
    .toContain('the last run of "nightly-backup" failed');
  await page.getByRole("button", { name: "Make up for it" }).waitFor();
});

test("its log is searched by the server, and shows no order to a terminal", async () => {
  await fleet.client.createJob({
    body: { pipeline: "work", id: "noisy", is_scheduled: false, params: { writes: 1_200 } },
  });
  const { runId } = await fleet.client.runJob({ path: { jobId: "noisy" }, body: { wait: 30 } });
  await page.goto(fleet.at(`/run/${encodeURIComponent(runId)}`));
  const lines = page.locator(".log > div");
  await expect.poll(() => lines.count()).toBe(500);
  await page.getByRole("button", { name: "More lines" }).click();
  await expect.poll(() => lines.count()).toBe(1_000);
  await page.getByLabel("Search the log on the server").fill("Line 1177 ");
  await expect.poll(() => lines.count()).toBe(1);
  await expect.poll(() => page.locator(".log mark").textContent()).toBe("line 1177 ");
  const text = (await lines.first().textContent()) ?? "";
  expect(text).toContain("red and \uFFFDreversed <b>not bold</b>");
  expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(await page.locator(".log b", { hasText: "not bold" }).count()).toBe(0);
  await page.getByLabel("Search the log on the server").fill("nowhere to be found");
  await page.getByText("No line has this.").waitFor();
});

test("a run that goes on is followed, and cancelled", async () => {
  await fleet.client.createJob({
    body: { pipeline: "work", id: "slow", is_scheduled: false, params: { holds: true } },
  });
  const { runId } = await fleet.client.runJob({ path: { jobId: "slow" }, body: {} });
  await page.goto(fleet.at(`/run/${encodeURIComponent(runId)}`));
  await page.getByRole("heading", { name: /slow running/ }).waitFor();
  await page.getByRole("button", { name: "Follow" }).click();
  await page.locator(".log > div", { hasText: "still holding 3" }).waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByText("The run has ended: cancelled.").waitFor();
  await page.getByRole("heading", { name: /slow cancelled/ }).waitFor();
  expect((await fleet.client.getRun({ path: { runId } })).cancelledBy?.id).toBe("ana");
});

test("what happens is listed as it happens, and workers with their queues", async () => {
  await page.goto(fleet.at("/events"));
  await page.getByRole("button", { name: "Live", exact: true }).waitFor();
  // What happens before the stream is there, it does not tell.
  const rows = page.locator("tr", { hasText: "by-hand" });
  await expect
    .poll(
      async () => {
        await fleet.client.runJob({ path: { jobId: "by-hand" }, body: {} });
        return rows.count();
      },
      { interval: 500, timeout: 20_000 },
    )
    .toBeGreaterThan(0);
  await page.goto(fleet.at("/workers"));
  await page.getByRole("cell", { name: "default", exact: true }).first().waitFor();
  await page.getByText("every queue with jobs has somebody").waitFor();
  await fleet.client.createJob({
    body: { pipeline: "work", id: "glue", queue: "windows", is_scheduled: false },
  });
  await page.getByText("nobody serves windows").waitFor();
});

test("nothing was asked of other servers, and the page's policy was kept", () => {
  expect(browser.complaints).toEqual([]);
});
