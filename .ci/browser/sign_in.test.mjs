import assert from "node:assert/strict";
import { test } from "node:test";
import { open, plain, signIn, within } from "./browser.mjs";
import { command, makeKey, organization, url } from "./periscope.mjs";

const team = await organization("sign-in", "The team");

test("whoever signs in is where they wanted to go, and signed out they see nothing", async () => {
  const page = await open();
  await page.goto("/metrics/lead-time?timeRange=7d");
  assert.equal(new URL(page.url()).pathname, "/sign-in");
  await signIn(page, team.key);
  await page.waitForURL(`${url}/metrics/lead-time?timeRange=7d`);
  assert.equal(plain(await page.locator(".organization").innerText()), "The team");

  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL(`${url}/sign-in`);
  await page.goto("/");
  assert.equal(new URL(page.url()).pathname, "/sign-in");
  await page.goBack();
  await page.goBack();
  assert.equal(await page.locator(".organization").count(), 0, "a page is still there after signing out");
  assert.deepEqual(page.complaints, []);
});

test("a wrong key is refused where it was typed, and stands nowhere", async () => {
  const page = await open();
  await page.goto("/sign-in");
  const wrong = `${team.key.slice(0, -1)}${team.key.endsWith("x") ? "y" : "x"}`;
  await signIn(page, wrong);
  assert.match(await page.getByRole("alert").innerText(), /no valid API key/);
  assert.ok(!page.url().includes("psk_"));
  assert.ok(!(await page.content()).includes(wrong));
  assert.equal(await page.getByLabel("API key").getAttribute("aria-invalid"), "true");
  const cookies = await page.context().cookies();
  assert.deepEqual(cookies.map(({ name }) => name), ["periscope_zone"]);
});

test("a key that may only report is told what it lacks", async () => {
  const page = await open();
  await page.goto("/sign-in");
  await signIn(page, await makeKey(team.slug, "ingest"));
  assert.match(await page.getByRole("alert").innerText(), /only report deployments/);
});

test("a session is no script's to read and ends with its key", async () => {
  const key = await makeKey(team.slug, "read");
  await within(undefined, {}, async (page) => {
    await page.goto("/sign-in");
    await signIn(page, key);
    await page.waitForURL(`${url}/`);
    assert.equal(await page.evaluate(() => document.cookie), "periscope_zone=UTC");
    const { id } = JSON.parse(await command("key", "list", "--org", team.slug, "--output", "json")).at(-1);
    await command("key", "revoke", "--org", team.slug, String(id));
    await page.reload();
    assert.equal(new URL(page.url()).pathname, "/sign-in");
  });
});
