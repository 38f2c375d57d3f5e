import assert from "node:assert/strict";
import { test } from "node:test";
import { open, texts, visit } from "./browser.mjs";
import { makeKey, organization, url } from "./periscope.mjs";
import { sha } from "./shop.mjs";

const team = await organization("settings");

const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();

/** How a report with a key is answered. */
async function send(key, deploymentId) {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const ended = { status: "success", startedAt: ago(2), completedAt: ago(1) };
  const body = { deploymentId, commitSha: sha("settings", 1), environment: "production", ...ended };
  const options = { method: "POST", headers, body: JSON.stringify(body) };
  return (await fetch(`${url}/api/webhooks/deployments`, options)).status;
}

for (const javaScriptEnabled of [true, false]) {
  const name = javaScriptEnabled ? "with-script" : "without-script";
  test(`a key is made, works, is shown once and is revoked, ${name.replace("-", " a ")}`, async () => {
    const page = await open(team, { javaScriptEnabled });
    await visit(page, "/settings/keys");
    await page.getByRole("link", { name: "Make a key" }).click();
    await page.getByLabel("Name").fill(name);
    await page.getByRole("button", { name: "Make the key" }).click();
    const secret = await page.locator("#key").innerText();
    assert.match(secret.trim(), /^psk_live_[0-9A-Za-z]{36}$/);
    assert.ok(!page.url().includes(secret.trim()));
    assert.equal(await send(secret.trim(), name), 201);

    await page.goto("/settings/keys");
    const row = page.getByRole("row").filter({ has: page.getByRole("rowheader", { name }) });
    assert.match(await row.innerText(), /ingest/);
    assert.ok(!(await page.content()).includes(secret.trim()));

    await row.getByRole("link", { name: "Revoke" }).click();
    await page.getByRole("button", { name: /revoke/i }).click();
    await page.getByRole("status").getByText("The key is revoked").waitFor();
    assert.equal(await page.getByRole("row").filter({ has: page.getByRole("rowheader", { name }) }).count(), 0);
    if (javaScriptEnabled) await waitFor(async () => (await send(secret.trim(), name)) === 401);
    assert.deepEqual(page.complaints, []);
  });
}

test("a key that lacks a name or allows nothing is not made, and what was typed stays", async () => {
  const page = await open(team);
  await visit(page, "/settings/keys/new");
  await page.getByLabel("ingest").uncheck();
  await page.getByLabel("Last day").fill("2020-01-31");
  await page.getByRole("button", { name: "Make the key" }).click();
  const problems = await texts(page, ".problem");
  assert.equal(problems.length, 3, problems.join());
  assert.equal(await page.getByLabel("Last day").inputValue(), "2020-01-31");
  assert.equal(await page.locator("[aria-invalid]").first().getAttribute("name"), "name");
});

test("settings are shut to whoever may only read", async () => {
  const reader = { key: await makeKey(team.slug, "read") };
  const page = await open(reader);
  const parts = ["keys", "keys/new", "github", "repositories", "environments"];
  for (const path of parts.map((part) => `/settings/${part}`)) {
    const response = await page.goto(path);
    assert.equal(response.status(), 403, path);
  }
  await page.goto("/");
  assert.equal(await page.getByRole("link", { name: "Settings" }).count(), 0);
});

test("a service is given to a repository, and what it deployed is linked", async () => {
  const commitSha = sha("settings", 7);
  const pullRequests = [{ number: 1, mergeCommitSha: commitSha, mergedAt: ago(60) }];
  await team.post("/api/pull-requests", { repository: "acme/web", pullRequests });
  await team.post("/api/pull-requests", { repository: "acme/other", pullRequests });
  const deployment = { deploymentId: "aliased", commitSha, service: "storefront", completedAt: ago(1) };
  const sent = await team.deploy(deployment);
  const page = await open(team);
  await visit(page, "/settings/repositories");
  await page.locator("#service").fill("storefront");
  await page.locator("#repository").selectOption("acme/web");
  await page.getByRole("button", { name: "Add the service" }).click();
  await page.getByRole("status").getByText("belongs to the repository").waitFor();
  const row = page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: "acme/web" }) });
  assert.match(await row.innerText(), /storefront/);
  await waitFor(async () => (await team.get(`/api/deployments/${sent.deploymentId}`)).links?.length === 1);
  await row.getByRole("button", { name: /remove storefront/i }).click();
  await page.getByRole("status").getByText("is removed").waitFor();
  assert.deepEqual(page.complaints, []);
});

test("an environment is made production, and what was deployed there is linked", async () => {
  const commitSha = sha("settings", 8);
  const pullRequests = [{ number: 1, mergeCommitSha: commitSha, mergedAt: ago(60) }];
  await team.post("/api/pull-requests", { repository: "acme/live", pullRequests });
  const deployment = { deploymentId: "live", commitSha, environment: "live", service: "acme/live", completedAt: ago(1) };
  const sent = await team.deploy(deployment);
  const page = await open(team);
  await visit(page, "/settings/environments");
  await page.getByRole("button", { name: "Make production of live" }).click();
  await page.getByRole("status").getByText("The rule is saved").waitFor();
  const row = page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: "live" }) }).first();
  assert.match(await row.innerText(), /production/);
  await waitFor(async () => (await team.get(`/api/deployments/${sent.deploymentId}`)).links?.length === 1);
  assert.deepEqual(page.complaints, []);
});

test("the secret of GitHub's webhook is made and shown once", async () => {
  const page = await open(team);
  await visit(page, "/settings/github");
  await page.getByRole("button", { name: "Make the secret" }).click();
  const secret = (await page.locator("#webhook-secret").innerText()).trim();
  assert.ok(secret.length >= 32);
  await page.goto("/settings/github");
  assert.ok(!(await page.content()).includes(secret));
  assert.match(await page.locator("main").innerText(), /The secret was made/);
});

async function waitFor(isSo) {
  for (const end = Date.now() + 12_000; Date.now() < end; ) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  assert.fail("it did not come about");
}
