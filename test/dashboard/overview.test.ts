// The overview in a real browser: exact figures, what needs somebody with its reason, what comes next; behind a proxy's prefix; live.
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { TestBrowser } from "./browser.ts";
import { DashboardFleet } from "./dashboard-fleet.ts";

const files = inject("dashboardFiles");
let fleet: DashboardFleet;
let browser: TestBrowser;

beforeAll(async () => {
  fleet = await DashboardFleet.start({ files, prefix: "/behind/a-proxy" });
  await fleet.setUp();
  browser = await TestBrowser.launch();
}, 120_000);

afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await fleet[Symbol.asyncDispose]();
});

test("it answers whether every promise was kept, with figures whose sum is exact", async () => {
  const page = await browser.open(fleet.at("/"));
  await fleet.signIn(page);
  const { promise } = await fleet.client.getOverview();
  await page.getByRole("heading", { name: `${promise.broken} promises broken` }).waitFor();
  const figure = async (name: string): Promise<number> => {
    const group = page.locator(".figures > div", { has: page.locator("dt", { hasText: name }) });
    return Number((await group.locator("dd a").textContent())?.replaceAll(",", ""));
  };
  expect(await figure("Due")).toBe(promise.due);
  const parts = ["On time", "Late", "Excused", "Broken", "In flight"];
  const counts = await Promise.all(parts.map(figure));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(promise.due);
  expect(promise.broken).toBeGreaterThan(0);
  const bar = page.locator(".promise");
  expect(await bar.getAttribute("aria-label")).toContain(`Of ${promise.due} due`);
  await page.close();
});

test("what needs somebody stands there with its reason, without a click", async () => {
  const page = await browser.open(fleet.at("/"));
  const needs = page.getByRole("list").filter({ hasText: "paypal-import" });
  await needs.first().waitFor();
  const row = page.locator(".needs > li", { hasText: "paypal-import" });
  expect(await row.textContent()).toContain("paused until somebody resumes it");
  expect(await row.textContent()).toContain("source down (INC-4711)");
  const next = page.locator(".nextup > li", { hasText: "weekly-report" });
  expect(await next.textContent()).toContain("Monday at 09:00");
  await page.close();
});

test("what happens shows by itself, in a second tab too", async () => {
  await using live = await DashboardFleet.start({ files, kind: "empty" });
  await live.setUp();
  const first = await browser.open(live.at("/"));
  await live.signIn(first);
  const second = await browser.open(live.at("/"));
  for (const page of [first, second])
    await page.getByRole("button", { name: "Live", exact: true }).waitFor();
  await live.client.createJob({ body: { pipeline: "work", id: "fresh", schedule: "every hour" } });
  for (const page of [first, second])
    await page.locator(".nextup").getByRole("link", { name: "fresh" }).waitFor();
  await first.close();
  // The tab that is left takes the stream over.
  await live.client.createJob({ body: { pipeline: "work", id: "later", schedule: "every hour" } });
  const later = second.locator(".nextup").getByRole("link", { name: "later" });
  await expect.poll(() => later.count(), { timeout: 30_000 }).toBe(1);
  await second.close();
}, 90_000);

test("nothing was asked of other servers, and the page's policy was kept", () => {
  expect(browser.complaints).toEqual([]);
});
