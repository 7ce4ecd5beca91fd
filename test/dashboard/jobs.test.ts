// The list of jobs and the page of one in a real browser: reasons without a click, search, what each action shows before it acts.
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type { Page } from "playwright-core";
import { TestBrowser } from "./browser.ts";
import { DashboardFleet } from "./dashboard-fleet.ts";

let fleet: DashboardFleet;
let browser: TestBrowser;
let page: Page;

beforeAll(async () => {
  fleet = await DashboardFleet.start({ files: inject("dashboardFiles") });
  await fleet.setUp();
  browser = await TestBrowser.launch();
  page = await browser.open(fleet.at("/jobs"));
  await fleet.signIn(page);
}, 120_000);

afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await fleet[Symbol.asyncDispose]();
});

const row = (id: string) =>
  page.locator('[role="row"]', { has: page.getByRole("link", { name: id, exact: true }) });
const ids = () => page.locator(".joblist .jobname").allTextContents();

test("each job says its schedule in words, with the kind and the zone, and what it does now and next", async () => {
  await row("weekly-report").waitFor();
  const weekly = await row("weekly-report").textContent();
  expect(weekly).toContain("Monday at 09:00");
  expect(weekly).toContain("Weekly Europe/Berlin");
  expect(weekly).toMatch(/next .*09:00/);
  expect(await row("by-hand").textContent()).toContain("By hand");
  expect(await row("paypal-import").textContent()).toContain("paused");
});

test("its last sixty are a strip in which what did not run is said, and the reason of the last stands beside", async () => {
  const strip = row("sync-crm-contacts").locator(".strip");
  await strip.waitFor();
  expect(await strip.getAttribute("aria-label")).toMatch(/^Last 60: .*skipped: max-instances/);
  expect(await row("sync-crm-contacts").textContent()).toContain(
    "maxInstances runs were unfinished",
  );
});

test("one box takes words and terms, and the address keeps them", async () => {
  const box = page.getByRole("searchbox", { name: "Search jobs" });
  await box.fill("warehouse");
  await expect.poll(ids).toEqual(["orders-to-warehouse"]);
  await box.fill("verdict:missed since:2d");
  await expect.poll(ids).toEqual(["heartbeat"]);
  await box.fill("tag:billing");
  await expect.poll(ids).toEqual(["orders-to-warehouse"]);
  await page.reload();
  await expect.poll(ids).toEqual(["orders-to-warehouse"]);
  expect(await page.getByRole("searchbox").inputValue()).toBe("tag:billing");
  await page.getByRole("searchbox").fill("tag:nothing");
  await page.getByText("No job fits").waitFor();
  await page.getByRole("button", { name: "Show all" }).click();
  await expect.poll(async () => (await ids()).length).toBe(8);
  await page.getByRole("button", { name: /^Paused/ }).click();
  await expect.poll(ids).toEqual(["paypal-import"]);
  expect(new URL(page.url()).searchParams.get("q")).toBe("state:paused");
  await page.getByRole("button", { name: /^All/ }).click();
});

test("several are paused at once after a look at what would change, and that is undone", async () => {
  for (const id of ["heartbeat", "erp-export"]) await row(id).getByRole("checkbox").check();
  await page.getByRole("button", { name: "Pause…", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Pause 2 jobs?" });
  await dialog.getByText("2 would be paused").waitFor();
  await dialog.getByLabel("Why").fill("moving house");
  await dialog.getByRole("button", { name: "Pause 2" }).click();
  await page.getByText("2 paused").waitFor();
  const { pausedReason } = await fleet.client.getJob({ path: { jobId: "heartbeat" } });
  expect(pausedReason).toBe("moving house");
  await page.getByRole("button", { name: "Undo" }).click();
  await expect
    .poll(async () => (await fleet.client.getJob({ path: { jobId: "heartbeat" } })).state)
    .toBe("active");
});

test("removing several asks for their number", async () => {
  await row("by-hand").getByRole("checkbox").check();
  await page.getByRole("button", { name: "Remove…", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Remove 1 job?" });
  const remove = dialog.getByRole("button", { name: "Remove 1" });
  await remove.waitFor();
  expect(await remove.isDisabled()).toBe(true);
  await dialog.getByLabel(/^Type/).fill("1");
  expect(await remove.isDisabled()).toBe(false);
  await dialog.getByRole("button", { name: "Leave as it is" }).click();
  await page.getByRole("button", { name: "Select none" }).click();
});

test("a job's page says whether it keeps its promises and why not, and why the latest non-run was one, without a click", async () => {
  await page.goto(fleet.at("/job/sync-crm-contacts"));
  const lead = page.locator(".lead");
  await expect
    .poll(() => lead.textContent())
    .toMatch(
      /Kept \d+ of the last \d+.*broken \d+ \(max-instances\).*Effective about every 30m instead of every 10m.*a run takes 25m/,
    );
  const note = page.locator(".cells + .note");
  await expect.poll(() => note.textContent()).toContain("maxInstances runs were unfinished");
});

test("of any other occurrence one click says why", async () => {
  await page.goto(fleet.at("/job/orders-to-warehouse"));
  const note = page.locator(".cells + .note");
  await expect.poll(() => note.textContent()).toContain('the last run of "nightly-backup" failed');
  await page
    .getByRole("option", { name: /coalesced$/ })
    .first()
    .click();
  await expect.poll(() => note.textContent()).toContain("several were due at the same time");
  await page.getByRole("listbox").press("ArrowRight");
  await expect.poll(() => note.textContent()).toContain("succeeded");
});

test("every row of its occurrences has its reason, and tabs have its changes and configuration", async () => {
  const skipped = page.locator(".occ tr", { hasText: "skipped: condition" }).first();
  expect(await skipped.textContent()).toContain("its condition was false");
  await page.getByRole("button", { name: "Did not run" }).click();
  await expect.poll(() => page.locator(".occ tr", { hasText: "succeeded" }).count()).toBe(0);
  await page.getByRole("tab", { name: "Changes" }).click();
  await page.locator(".changes li", { hasText: "added" }).waitFor();
  await page.getByRole("tab", { name: "Configuration" }).click();
  await page.locator("td", { hasText: "misfireGraceMs" }).waitFor();
});

test("one occurrence to come is skipped, and that is taken back", async () => {
  await page.locator(".upc").getByRole("button", { name: "Skip", exact: true }).first().click();
  await page.locator(".upc li", { hasText: "will skip" }).waitFor();
  await page.getByRole("button", { name: "Don’t skip" }).click();
  await expect
    .poll(async () => (await fleet.client.getJob({ path: { jobId: "orders-to-warehouse" } })).skips)
    .toEqual([]);
});

test("it is paused until a time, with a reason", async () => {
  await page.getByRole("button", { name: "Pause…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Until").selectOption("8h");
  await dialog.getByLabel("Why").fill("schema change");
  await dialog.getByRole("button", { name: "Pause", exact: true }).click();
  await page.locator(".jobhead .note", { hasText: "schema change" }).waitFor();
  const { pausedUntil } = await fleet.client.getJob({ path: { jobId: "orders-to-warehouse" } });
  expect(pausedUntil).not.toBeNull();
});

test("before it goes on, what fell into the pause is listed to choose from", async () => {
  await page.goto(fleet.at("/job/paypal-import"));
  await page.getByRole("button", { name: "Resume…" }).click();
  const { count } = await fleet.client.listPausedOccurrences({ path: { jobId: "paypal-import" } });
  expect(count).toBeGreaterThan(3);
  const dialog = page.getByRole("dialog");
  await dialog.getByText(`${count} occurrences fell into the pause`).waitFor();
  await dialog.getByRole("radio", { name: /^Choose/ }).check();
  const picks = dialog
    .getByRole("list", { name: "Occurrences in the pause" })
    .getByRole("checkbox");
  expect(await picks.count()).toBe(count);
  await picks.nth(0).check();
  await picks.nth(2).check();
  await dialog.getByRole("button", { name: "Resume and run 2" }).click();
  await page.getByText("2 run now").waitFor();
  expect((await fleet.client.getJob({ path: { jobId: "paypal-import" } })).state).toBe("active");
});

test("Delete Logs tells how many there are, and asks for the job's name", async () => {
  await page.goto(fleet.at("/job/nightly-backup"));
  await page.getByRole("button", { name: "Delete Logs" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("radio", { name: "All" }).check();
  const runs = await fleet.client.listJobRuns({
    path: { jobId: "nightly-backup" },
    query: { limit: 1_000 },
  });
  const ran = runs.items.filter(({ startedAt }) => startedAt !== null).length;
  await dialog.getByText(`${ran} runs whose logs would be deleted`).waitFor();
  const button = dialog.getByRole("button", { name: `Delete ${ran}` });
  expect(await button.isDisabled()).toBe(true);
  const [latest] = runs.items;
  const logOf = async () =>
    (await fleet.client.getRunLogs({ path: { runId: latest?.id ?? "" } })) as { items: unknown[] };
  expect((await logOf()).items).not.toEqual([]);
  await dialog.getByLabel(/^Type/).fill("nightly-backup");
  await button.click();
  await page.getByText(`${ran} deleted`).waitFor();
  expect((await logOf()).items).toEqual([]);
});

test("a job that is not there, or not for who looks, says so", async () => {
  await page.goto(fleet.at("/job/no/such%20job"));
  await page.getByRole("heading", { name: "There is no job “no/such job”." }).waitFor();
  expect(await page.title()).toBe("Not here · cronduit");
});

test("nothing was asked of other servers, and the page's policy was kept", () => {
  expect(browser.complaints).toEqual([]);
});
