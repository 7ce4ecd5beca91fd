// The ways in, in a real browser: first set-up by the printed code, sign in, sign out, an address that somebody was sent.
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { TestBrowser } from "./browser.ts";
import { DashboardFleet, PASSWORD } from "./dashboard-fleet.ts";

let fleet: DashboardFleet;
let browser: TestBrowser;

beforeAll(async () => {
  fleet = await DashboardFleet.start({ files: inject("dashboardFiles"), kind: "empty" });
  browser = await TestBrowser.launch();
}, 120_000);

afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await fleet[Symbol.asyncDispose]();
});

test("the first administrator is made with the code in the printed address, which does not stay in it", async () => {
  const made = await fleet.api.setupToken();
  const page = await browser.open(fleet.at(`/set-up?token=${made?.token}`));
  await expect.poll(() => page.getByLabel("Set-up code").inputValue()).toBe(made?.token);
  expect(page.url()).toBe(fleet.at("/set-up"));
  await page.getByLabel("Your name").fill("ana");
  await page.getByLabel("Password").fill("password1");
  await page.getByRole("button", { name: "Create administrator" }).click();
  await expect.poll(() => page.getByRole("alert").textContent()).toContain("password");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Create administrator" }).click();
  await page.getByRole("heading", { name: /No promise was due yet/ }).waitFor();
  await page.getByRole("link", { name: "Create New Job" }).waitFor();
  await page.close();
});

test("who is signed in signs out, and sees nothing until signed in again", async () => {
  const page = await browser.open(fleet.at("/"));
  await page.getByRole("button", { name: "ana, account" }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: /^Sign in/ }).waitFor();
  await page.reload();
  await page.getByLabel("Name").fill("ana");
  await page.getByLabel("Password").fill("wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").waitFor();
  expect(await page.getByRole("alert").textContent()).not.toBe("");
  await fleet.signIn(page);
  await page.close();
});

test("the link that a server prints signs in, once, and its token does not stay in the address", async () => {
  const { token } = await fleet.api.signInToken("ben");
  const first = await browser.open(fleet.at(`/?token=${token}`));
  await first.getByRole("button", { name: "ben, account" }).waitFor();
  expect(first.url()).toBe(fleet.at("/"));
  await first.close();
  await using other = await TestBrowser.launch();
  const second = await other.open(fleet.at(`/?token=${token}`));
  await second.getByRole("heading", { name: /^Sign in/ }).waitFor();
  expect(await second.getByRole("alert").textContent()).toContain("NOT_AUTHENTICATED");
  expect(second.url()).toBe(fleet.at("/"));
});

test("an address that leads nowhere says so, and a job's stays through signing in", async () => {
  const page = await browser.open(fleet.at("/jobs/nothing-below-here"));
  expect(page.url()).toBe(fleet.at("/jobs/nothing-below-here"));
  await page.close();
});

test("nothing was asked of other servers, and the page's policy was kept", () => {
  expect(browser.complaints).toEqual([]);
});
