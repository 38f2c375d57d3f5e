// The zone of the browser is the default of every page, and one that is chosen is remembered.

import assert from "node:assert/strict";
import { test } from "node:test";
import { open, signIn, texts, visit } from "./browser.mjs";
import { organization, url } from "./periscope.mjs";
import { sha } from "./shop.mjs";

const team = await organization("zones");
await team.deploy({ deploymentId: "only", commitSha: sha("zones", 1), completedAt: new Date(Date.now() - 60_000).toISOString() });

const zone = (page) => page.getByLabel("Time zone").inputValue();

test("the first page after signing in is of the browser's zone", async () => {
  const page = await open(undefined, { timezoneId: "Asia/Tokyo" });
  await page.goto("/sign-in");
  await signIn(page, team.key);
  await page.waitForURL(`${url}/`);
  assert.equal(await zone(page), "Asia/Tokyo");
  assert.equal(page.url(), `${url}/`);
  assert.deepEqual(page.complaints, []);
});

test("a browser that has moved shows the zone where it is", async () => {
  const page = await open(team, { timezoneId: "America/New_York" });
  await visit(page, "/");
  await page.waitForFunction(() => document.querySelector("[data-zone]")?.value === "America/New_York");
  await visit(page, "/deployments");
  assert.equal(await zone(page), "America/New_York");
  const day = new Intl.DateTimeFormat("en", { timeZone: "America/New_York", day: "numeric" }).format(Date.now() - 60_000);
  assert.match(await page.locator("td.when time").getAttribute("title"), new RegExp(`^${day} `));
});

test("a zone that is chosen is remembered until the browser's own is chosen again", async () => {
  const page = await open(team, { timezoneId: "Europe/Paris" });
  await visit(page, "/");
  const choose = async (name) => {
    await page.getByLabel("Time zone").fill(name);
    await page.getByLabel("Time zone").press("Enter");
    await page.waitForURL((address) => address.searchParams.get("timeZone") === name);
  };
  await choose("Asia/Kolkata");
  for (const path of ["/", "/deployments", "/metrics/lead-time"]) {
    await visit(page, path);
    assert.equal(await zone(page), "Asia/Kolkata", path);
  }
  await visit(page, "/?timeZone=Asia/Tokyo");
  assert.equal(await zone(page), "Asia/Tokyo", "an address names its own");
  await visit(page, "/");
  assert.equal(await zone(page), "Asia/Kolkata", "and changes nothing for others");
  await choose("Europe/Paris");
  await visit(page, "/");
  assert.equal(await zone(page), "Europe/Paris");
  assert.equal(await page.evaluate(() => localStorage.length), 0);
  assert.deepEqual(page.complaints, []);
});

test("a zone that there is not is refused and not remembered", async () => {
  const page = await open(team);
  await visit(page, "/");
  await page.getByLabel("Time zone").fill("Mars");
  await page.getByLabel("Time zone").press("Enter");
  await page.waitForURL(/timeZone=Mars/);
  assert.match(await page.locator("main").innerText(), /timeZone/);
  await visit(page, "/");
  assert.equal(await zone(page), "UTC");
});

test("without a script the zone is UTC, or what the address names and its links keep", async () => {
  const page = await open(team, { timezoneId: "Asia/Tokyo", javaScriptEnabled: false });
  await visit(page, "/");
  assert.equal(await zone(page), "UTC");
  await page.getByLabel("Time zone").fill("Asia/Tokyo");
  await page.getByRole("button", { name: "Apply" }).click();
  await page.getByRole("link", { name: "Deployments", exact: true }).click();
  await page.waitForURL(/\/deployments\?.*timeZone=Asia%2FTokyo/);
  assert.equal(await zone(page), "Asia/Tokyo");
  assert.deepEqual(await texts(page, "h1"), ["Deployments"]);
});
