// Every page for everybody: WCAG 2.2 AA by axe in dark and light at three widths, no sideways scrolling; hostile texts; keys.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { Page } from "playwright-core";
import { TestBrowser } from "./browser.ts";
import { DashboardFleet } from "./dashboard-fleet.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** What could be taken for markup, an order to a terminal, or another direction; and what is too long for any place. */
const HOSTILE = `<img src=x onerror="window.hacked=1"> \u001B[31m \u202E${"long".repeat(200)} "><script>window.hacked=1</script>`;
const PAGES = [
  "/",
  "/jobs",
  "/jobs?q=nothing-like-this",
  "/job/orders-to-warehouse",
  "/job/paypal-import?do=resume",
  "/job/nightly-backup?do=delete-logs",
  "/job/nightly-backup?do=pause",
  "/job/a%2F..%2Fhostile",
  "/new",
  "/edit/orders-to-warehouse",
  "/runs?promise=broken",
  "/timeline",
  "/events",
  "/workers",
  "/settings",
  "/job/there-is-none",
];

let fleet: DashboardFleet;

beforeAll(async () => {
  fleet = await DashboardFleet.start({ files: inject("dashboardFiles") });
  await fleet.setUp();
  await fleet.client.createJob({
    body: {
      pipeline: "work",
      id: "a/../hostile",
      description: HOSTILE.slice(0, 1_000),
      params: { [HOSTILE]: HOSTILE },
      owner: "data",
      tags: ["x".repeat(64)],
      is_scheduled: false,
    },
  });
  // The API refuses what can't be printed in a reason.
  const reason = HOSTILE.replaceAll(/[\p{Cc}\p{Cf}]/gu, "").slice(0, 500);
  await fleet.client.pauseJob({ path: { jobId: "heartbeat" }, body: { reason } });
}, 120_000);

afterAll(() => fleet[Symbol.asyncDispose]());

interface Seen {
  readonly violations: readonly string[];
  readonly sideways: number;
  readonly isHacked: boolean;
}

async function look(page: Page): Promise<Seen> {
  await page.evaluate(axe);
  return page.evaluate(`(async () => {
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const { violations } = await axe.run(document, { preload: false, runOnly: { type: "tag", values: tags } });
    return {
      violations: violations.map((v) => v.id + ": " + v.nodes.slice(0, 3).map((n) => n.target.join(" ")).join(" | ")),
      sideways: document.documentElement.scrollWidth - innerWidth,
      isHacked: "hacked" in window,
    };
  })()`);
}

describe.each([
  [320, "light"],
  [320, "dark"],
  [768, "light"],
  [768, "dark"],
  [1_440, "light"],
  [1_440, "dark"],
] as const)("%d pixels, %s", (width, colorScheme) => {
  test("axe finds nothing on any page, and nothing scrolls sideways", async () => {
    // Only so that axe gets in; that pages keep their policy, the other tests show.
    await using browser = await TestBrowser.launch({ width, colorScheme, bypassCSP: true });
    const page = await browser.open(fleet.at("/sign-in"));
    await page.getByLabel("Name").waitFor();
    const found: string[] = [];
    const note = async (path: string): Promise<void> => {
      const { violations, sideways, isHacked } = await look(page);
      found.push(...violations.map((one) => `${path} ${one}`));
      if (sideways > 0) found.push(`${path} scrolls sideways by ${sideways}`);
      if (isHacked) found.push(`${path} ran what it was to show`);
    };
    await note("/sign-in");
    await page.goto(fleet.at("/set-up"));
    await page.getByLabel("Set-up code").waitFor();
    await note("/set-up");
    await page.goto(fleet.at("/"));
    await fleet.signIn(page);
    for (const path of PAGES) {
      await page.goto(fleet.at(path));
      await page.locator("main h1, dialog h2").first().waitFor();
      await page.waitForFunction("!document.querySelector('.loading')");
      await note(path);
    }
    expect(found).toEqual([]);
  }, 240_000);
});

test("keys go to pages, to the search and, by a few letters, to a job", async () => {
  await using browser = await TestBrowser.launch();
  const page = await browser.open(fleet.at("/"));
  await fleet.signIn(page);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("j");
  await page.getByRole("heading", { name: "Jobs" }).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("tag:billing");
  await expect.poll(() => new URL(page.url()).searchParams.get("q")).toBe("tag:billing");
  await page.keyboard.press("Escape");
  await page.locator("h1").click();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Search or jump to" }).fill("warehouse");
  await page.getByRole("option", { name: /orders-to-warehouse/ }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "orders-to-warehouse" }).waitFor();
  expect(browser.complaints).toEqual([]);
});

test("hostile texts are shown as what they are", async () => {
  await using browser = await TestBrowser.launch();
  const page = await browser.open(fleet.at("/job/a%2F..%2Fhostile"));
  await fleet.signIn(page);
  await page.getByRole("heading", { name: "a/../hostile" }).waitFor();
  await page.getByText('<img src=x onerror="window.hacked=1">').first().waitFor();
  await page.getByRole("tab", { name: "Configuration" }).click();
  await page.locator("td", { hasText: "</script>" }).first().waitFor();
  expect(await page.evaluate("'hacked' in window")).toBe(false);
  expect(browser.complaints).toEqual([]);
});
