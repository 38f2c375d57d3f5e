import assert from "node:assert/strict";
import { test } from "node:test";
import { open, plain, texts, visit } from "./browser.mjs";
import { duration } from "./format.mjs";
import { url } from "./periscope.mjs";
import { sha, shop } from "./shop.mjs";

const team = await shop("records");

/** What a page calls a pull request. */
const called = ({ title, repository, number }) => `${title} ${repository}#${number}`;

/** The text of an explanation is cut where a commit is: pages shorten it. */
const withShortCommits = (text) => plain(text).replace(/\b([0-9a-f]{7})[0-9a-f]{33}\b/g, "$1");

test("a deployment tells what it ships and why, in the words of the API", async () => {
  const query = "?service=acme%2Fshop&status=success&environment=production";
  const { deployments } = await team.get(`/api/deployments${query}&limit=20`);
  const { id, deploymentId } = deployments.find((of) => of.linkedPRs > 1) ?? deployments[0];
  const explained = await team.get(`/api/deployments/${id}/explain`);
  const page = await open(team);
  await visit(page, `/deployments${query}`);
  await page.getByRole("link", { name: deploymentId, exact: true }).click();
  await page.waitForURL(new RegExp(`/deployments/${id}\\b`));
  assert.equal(await page.getByRole("heading", { level: 1 }).innerText(), deploymentId);
  assert.deepEqual(
    (await texts(page, "[aria-labelledby=found] .steps li")).map(withShortCommits),
    explained.steps.map((step) => withShortCommits(step.message)),
  );
  const rows = async (name) => page.locator(`section[aria-labelledby=${name}] tbody tr`).all();
  const cells = async (name) =>
    Promise.all((await rows(name)).map(async (row) => (await row.locator("th, td").allInnerTexts()).map(withShortCommits)));
  const ships = (await cells("ships")).map((row) => [row[0], row[1], row[3], row[4]]);
  const byNumber = (one, other) => one[0].localeCompare(other[0]);
  assert.deepEqual(
    ships.sort(byNumber),
    explained.links
      .map(({ pullRequest, leadTimeSeconds, message }) => [
        called(pullRequest),
        pullRequest.author,
        duration(leadTimeSeconds),
        withShortCommits(message),
      ])
      .sort(byNumber),
  );
  const shown = await cells("not-in");
  assert.deepEqual(
    shown.map((row) => [row[0], row.at(-1)]),
    explained.notLinked
      .slice(0, shown.length)
      .map(({ pullRequest, message }) => [called(pullRequest), withShortCommits(message)]),
  );
  assert.deepEqual(page.complaints, []);
});

test("a pull request tells which deployments shipped it, and leads to them", async () => {
  const { pullRequests } = await team.get("/api/pull-requests?limit=20");
  const { id } = pullRequests.find((of) => of.repository === "acme/shop" && of.number === 40);
  const explained = await team.get(`/api/pull-requests/${id}/explain`);
  const page = await open(team);
  await visit(page, `/pull-requests/${id}`);
  const shipped = await texts(page, "[aria-label='Deployments that shipped it'] tbody th");
  assert.deepEqual(shipped, explained.shippedBy.map((of) => of.deployment.deploymentId));
  await page.locator("[aria-label='Deployments that shipped it'] tbody th a").first().click();
  await page.waitForURL(/\/deployments\/\d+/);
  assert.ok((await texts(page, "[aria-labelledby=ships] tbody th")).some((text) => text.endsWith("acme/shop#40")));
});

test("the list of deployments can be leafed through and narrowed, and has all of them", async () => {
  const page = await open(team);
  await visit(page, "/deployments");
  const links = page.locator("tbody th a[href^='/deployments/']");
  const seen = [];
  for (;;) {
    seen.push(...(await links.evaluateAll((all) => all.map((link) => new URL(link.href).pathname))));
    const older = page.getByRole("link", { name: "Older" });
    if ((await older.count()) === 0) break;
    const before = page.url();
    await older.click();
    await page.waitForURL((address) => address.href !== before);
  }
  const all = [];
  for (let cursor = ""; cursor !== null; ) {
    const answer = await team.get(`/api/deployments?limit=200${cursor && `&cursor=${cursor}`}`);
    all.push(...answer.deployments.map(({ id }) => `/deployments/${id}`));
    cursor = answer.nextCursor ?? null;
  }
  assert.deepEqual(seen, all);

  await visit(page, "/deployments");
  await page.locator(".controls [name=status]").selectOption("failure");
  await page.waitForURL(/status=failure/);
  const failed = await team.get("/api/deployments?limit=200&status=failure");
  assert.equal((await texts(page, "tbody th")).length, failed.deployments.length);
  assert.deepEqual([...new Set(await texts(page, "tbody .status"))], ["failure"]);
  assert.deepEqual(page.complaints, []);
});

test("a deployment of a commit that nobody knows says so", async () => {
  const sent = await team.deploy({
    deploymentId: "unknown",
    commitSha: sha("nowhere", 1),
    service: "acme/shop",
    completedAt: new Date(Date.now() - 60_000).toISOString(),
  });
  const page = await open(team);
  await visit(page, `/deployments/${sent.deploymentId}`);
  const warnings = await texts(page, ".warnings li");
  assert.equal(warnings.length, sent.warnings.length);
  assert.match(warnings.join(), /Warning: .*commit/);
});

test("what there is not is told by a page that leads back", async () => {
  const page = await open(team);
  for (const path of ["/deployments/999999999", "/pull-requests/abc", "/metrics/nothing", "/no/such/page"]) {
    const response = await page.goto(path);
    assert.equal(response.status(), 404, path);
    assert.ok(await page.getByRole("navigation", { name: "Parts" }).isVisible(), path);
    await page.getByRole("link", { name: "Back to the overview" }).click();
    await page.waitForURL(`${url}/`);
  }
});
