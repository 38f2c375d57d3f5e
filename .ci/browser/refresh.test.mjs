import assert from "node:assert/strict";
import { test } from "node:test";
import { open, signIn, texts, visit } from "./browser.mjs";
import { command, makeKey, organization, url } from "./periscope.mjs";

const team = await organization("refresh");
const MINUTE = 60_000;

let sent = 0;
const deploy = (service) => {
  sent += 1;
  const commitSha = String(sent).padStart(40, "0");
  const completedAt = new Date(Date.now() - MINUTE).toISOString();
  return team.deploy({ deploymentId: `d${sent}`, commitSha, service, completedAt });
};

const services = (page) => texts(page, "tbody th");

/** Lets the clock of a page run on, and waits for what it asks for. */
async function later(page) {
  const fetched = page.waitForResponse((response) => response.request().resourceType() === "fetch");
  await page.clock.runFor(61_000);
  await fetched;
}

test("a page on a wall tells what is new again and again, without being loaded anew", async () => {
  await deploy("one");
  const page = await open(team);
  await page.clock.install();
  await visit(page, "/");
  await page.evaluate(() => { window.isSame = true; });
  assert.deepEqual(await services(page), ["one"]);
  for (const service of ["two", "three", "four"]) {
    await deploy(service);
    await later(page);
    await page.getByRole("rowheader", { name: service }).waitFor();
  }
  assert.deepEqual(await services(page), ["four", "one", "three", "two"]);
  assert.equal(await page.evaluate(() => window.isSame), true);
  assert.deepEqual(page.complaints, []);
});

test("nothing moves under whoever is reading or typing", async () => {
  const page = await open(team);
  await page.clock.install();
  await visit(page, "/");
  const shown = await services(page);
  await deploy("five");
  await page.locator(".info").first().click();
  await page.evaluate(() => document.activeElement.blur());
  await page.clock.runFor(2 * MINUTE);
  assert.deepEqual(await services(page), shown);
  assert.ok(await page.locator(".popover").first().isVisible());
  await page.keyboard.press("Escape");
  await page.evaluate(() => document.activeElement.blur());
  await later(page);
  await page.getByRole("rowheader", { name: "five" }).waitFor();
});

test("a page that is asked about something stays with it, and with what was chosen", async () => {
  const page = await open(team);
  await page.clock.install();
  await visit(page, "/?timeRange=7d&service=one");
  await deploy("six");
  await later(page);
  assert.deepEqual(await services(page), ["one"]);
  assert.equal(await page.getByLabel("Range").inputValue(), "7d");
});

test("a server that is away for a while changes nothing, and is asked again", async () => {
  const page = await open(team);
  await page.clock.install();
  await visit(page, "/");
  const shown = await services(page);
  await page.context().setOffline(true);
  await page.clock.runFor(2 * MINUTE);
  assert.deepEqual(await services(page), shown);
  await page.context().setOffline(false);
  await deploy("seven");
  await later(page);
  await page.getByRole("rowheader", { name: "seven" }).waitFor();
});

test("whoever is signed out meanwhile is asked to sign in", async () => {
  const page = await open();
  await page.goto("/sign-in");
  await signIn(page, await makeKey(team.slug, "read"));
  await page.waitForURL(`${url}/`);
  await page.clock.install();
  await page.reload();
  const { id } = JSON.parse(await command("key", "list", "--org", team.slug, "--output", "json")).at(-1);
  await command("key", "revoke", "--org", team.slug, String(id));
  await page.clock.runFor(61_000);
  await page.waitForURL(/sign-in/);
});
