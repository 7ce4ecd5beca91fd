// Creating and changing jobs in a real browser: each kind of schedule by the form's own words, live words and next times, revisions.
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
  page = await browser.open(fleet.at("/"));
  await fleet.signIn(page);
}, 120_000);

afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await fleet[Symbol.asyncDispose]();
});

const sentence = () => page.locator(".preview .sentence").textContent();
const jobOf = (jobId: string) => fleet.client.getJob({ path: { jobId } });
/** The form with a name, and automatic. */
async function begin(id: string): Promise<void> {
  await page.goto(fleet.at("/jobs"));
  await page.getByRole("link", { name: "Create New Job" }).click();
  await page.getByRole("heading", { name: "Create New Job" }).waitFor();
  await page.getByLabel("Name").fill(id);
  await page.getByLabel("Runs", { exact: true }).selectOption("work");
  await page.getByLabel("Schedule this job to run automatically").check();
}
/** Clicks as people do: on the word. */
const kind = (name: string) =>
  page.getByRole("radiogroup").getByText(name, { exact: true }).click();
async function create(): Promise<void> {
  await page.getByRole("button", { name: "Create Job" }).click();
  await page.getByText(" is created").waitFor();
}

test("weekly: day of week, hour and minute", async () => {
  await begin("weekly-data");
  await kind("Weekly");
  // Monday at 9:00 is what it begins with.
  await expect.poll(sentence).toBe("Monday at 09:00, Europe/Berlin");
  await page.locator(".days").getByText("Thu").click();
  await page.getByLabel("Hour").selectOption("10");
  await page.getByLabel("Minute").selectOption("30");
  await expect.poll(sentence).toBe("Monday and Thursday at 10:30, Europe/Berlin");
  expect(await page.locator(".nextfive li").count()).toBe(5);
  for (const text of await page.locator(".nextfive li").allTextContents())
    expect(text).toMatch(/^(?:Mon|Thu)\D+\d+ .*10:30.*UTC/);
  await create();
  expect(await jobOf("weekly-data")).toMatchObject({
    schedule_type: "weekly",
    schedule_config: { day_of_week: [1, 4], hour: 10, minute: 30 },
    is_scheduled: true,
    source: "api",
  });
  await page.locator(".badge", { hasText: "Weekly" }).waitFor();
});

test("daily: hour and minute", async () => {
  await begin("daily-data");
  await kind("Daily");
  await page.getByLabel("Hour").selectOption("2");
  await expect.poll(sentence).toBe("Daily at 02:00, Europe/Berlin");
  await create();
  expect(await jobOf("daily-data")).toMatchObject({ schedule_config: { hour: 2, minute: 0 } });
});

test("monthly: a day of the month, or the last", async () => {
  await begin("monthly-data");
  await kind("Monthly");
  await page.getByLabel("Day of month").selectOption("last");
  await expect.poll(sentence).toBe("Monthly on the last day at 09:00, Europe/Berlin");
  await create();
  expect(await jobOf("monthly-data")).toMatchObject({
    schedule_type: "monthly",
    schedule_config: { day_of_month: "last", hour: 9, minute: 0 },
  });
});

test("an interval, and once", async () => {
  await begin("interval-data");
  await kind("Interval");
  await page.getByLabel("Every").fill("45");
  await expect.poll(sentence).toBe("Every 45 min, Europe/Berlin");
  await create();
  expect(await jobOf("interval-data")).toMatchObject({ schedule_config: { minutes: 45 } });
  await begin("once-data");
  await kind("Once");
  await page.getByLabel("Date").fill("2031-12-24");
  await page.getByLabel("Time", { exact: true }).fill("18:15");
  await page.locator(".preview h2", { hasText: "Next and only time" }).waitFor();
  await create();
  expect(await jobOf("once-data")).toMatchObject({ nextRun: "2031-12-24T17:15:00.000Z" });
});

test("custom: a cron expression, with the examples beside it", async () => {
  await begin("custom-data");
  await kind("Custom (cron)");
  const examples = page.getByRole("list", { name: "Examples" });
  expect(await examples.textContent()).toBe(
    "0 9 * * 1 Monday 9:00 AM0 2 * * * Every day at 2:00 AM0 12 * * 1,3,5 Monday, Wednesday, Friday at 12:00 PM",
  );
  await examples.getByRole("button", { name: /1,3,5/ }).click();
  expect(await page.getByLabel("Cron expression").inputValue()).toBe("0 12 * * 1,3,5");
  await expect.poll(sentence).toContain("Monday, Wednesday and Friday at 12:00");
  await page.getByLabel("Cron expression").fill("61 * * * *");
  await expect.poll(() => page.locator(".preview [role=alert]").textContent()).toContain("61");
  await page.getByLabel("Cron expression").fill("30 4 1,15 * 5");
  await page.locator(".nextfive li").first().waitFor();
  await create();
  expect(await jobOf("custom-data")).toMatchObject({
    schedule_config: { cron_expression: "30 4 1,15 * 5" },
  });
});

test("not scheduled: it runs by hand, and its params are fields", async () => {
  await page.goto(fleet.at("/new"));
  await page.getByLabel("Name").fill("hand-data");
  await page.getByLabel("Runs", { exact: true }).selectOption("report");
  expect(await page.getByLabel("Schedule this job to run automatically").isChecked()).toBe(false);
  await expect.poll(sentence).toBe("Runs only when asked.");
  await page.getByLabel("region").selectOption("eu");
  await page.getByLabel("loginUrl").fill("https://example.com/login");
  await create();
  expect(await jobOf("hand-data")).toMatchObject({
    is_scheduled: false,
    params: { region: "eu", loginUrl: "https://example.com/login" },
  });
  await page.getByRole("button", { name: "Run now" }).click();
  await expect
    .poll(
      async () => (await fleet.client.listJobRuns({ path: { jobId: "hand-data" } })).items.length,
    )
    .toBeGreaterThan(0);
});

test("before it is saved, the clock's change and a downtime are shown", async () => {
  await page.goto(fleet.at("/new"));
  await page.getByLabel("Schedule this job to run automatically").check();
  await kind("Custom (cron)");
  // Only on the last Sunday of March, in the hour that does not exist.
  await page.getByLabel("Cron expression").fill("30 2 * 3 0L");
  await page.locator(".nextfive .flagged", { hasText: "in DST gap, moved" }).first().waitFor();
  await kind("Interval");
  const note = page.locator(".preview .note");
  await expect
    .poll(() => note.textContent())
    .toMatch(/If nothing runs from .* to .*, this job will .*merge \d+ into/);
});

test("a wrong value is said at its field, and nothing is stored", async () => {
  await begin("-wrong");
  await page.getByLabel("Only if").fill("rechnungslauf.last_run_succesful");
  await page.getByRole("button", { name: "Create Job" }).click();
  await page.locator(".err").first().waitFor();
  await page.getByLabel("Name").fill("right");
  await page.getByRole("button", { name: "Create Job" }).click();
  await expect.poll(() => page.locator(".err").allTextContents()).toHaveLength(1);
  expect(await page.locator(".err").textContent()).toContain("last_run_successful");
  expect(await fleet.client.listJobs({ query: { text: "right" } })).toMatchObject({ items: [] });
});

test("changing shows the next runs, old against new", async () => {
  await page.goto(fleet.at("/edit/daily-data"));
  await page.getByRole("heading", { name: "Edit daily-data" }).waitFor();
  expect(await page.getByLabel("Hour").inputValue()).toBe("2");
  await page.getByText("The next runs stay as they are.").waitFor();
  await page.getByLabel("Hour").selectOption("3");
  const diff = page.getByRole("list", { name: "How the next runs change" });
  await diff.locator(".add").first().waitFor();
  expect(await diff.locator(".rem").count()).toBe(5);
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("daily-data is changed").waitFor();
  expect(await jobOf("daily-data")).toMatchObject({ schedule_config: { hour: 3, minute: 0 } });
});

test("an unscheduled job gets a schedule", async () => {
  await page.goto(fleet.at("/edit/hand-data"));
  await page.getByLabel("Schedule this job to run automatically").check();
  await kind("Weekly");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("hand-data is changed").waitFor();
  expect(await jobOf("hand-data")).toMatchObject({ schedule_type: "weekly", is_scheduled: true });
});

test("a form that is older than the job does not save over it, and shows what was changed", async () => {
  await page.goto(fleet.at("/edit/daily-data"));
  await page.getByLabel("Description").fill("mine");
  await fleet.client.updateJob({ path: { jobId: "daily-data" }, body: { description: "theirs" } });
  await page.getByRole("button", { name: "Save", exact: true }).click();
  const note = page.getByRole("alert");
  await expect.poll(() => note.textContent()).toMatch(/root changed this job.*yours is based on/);
  expect((await jobOf("daily-data")).description).toBe("theirs");
  await page.getByRole("button", { name: "Go on from theirs" }).click();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("daily-data is changed").waitFor();
  expect((await jobOf("daily-data")).description).toBe("mine");
});

test("what is declared in code is overridden, until an end, and everybody sees that", async () => {
  await page.goto(fleet.at("/edit/orders-to-warehouse"));
  await page.getByText("What you change here is an override").waitFor();
  await page.getByLabel("Cron expression").fill("35 * * * *");
  await page.getByLabel("Until").fill("2d");
  await page.getByLabel("Why").fill("ERP migration");
  await page.getByRole("button", { name: "Save override" }).click();
  await page.locator(".badge.own", { hasText: "overridden: schedule" }).waitFor();
  const { overrides, declared, scheduleInShort } = await jobOf("orders-to-warehouse");
  expect(scheduleInShort).toBe("Hourly at :35");
  expect(overrides?.schedule).toMatchObject({ by: { id: "ana" }, until: expect.any(String) });
  expect(declared).not.toBeNull();
});

test("nothing was asked of other servers, and the page's policy was kept", () => {
  expect(browser.complaints).toEqual([]);
});
