import assert from "node:assert/strict";
import { test } from "node:test";
import { open, texts, visit } from "./browser.mjs";
import { count, duration, number } from "./format.mjs";
import { url } from "./periscope.mjs";
import { shop } from "./shop.mjs";

const team = await shop("controls");

/** What the tiles say, and what the API says of the same question. */
async function tiles(page) {
  const figures = await texts(page, ".tile .figure");
  const { current } = await team.get(`/api/metrics/overview${new URL(page.url()).search}`);
  assert.equal(figures[0], `${number(current.deploymentFrequency.perDay)} a day`);
  assert.equal(figures[1], current.leadTime ? `${duration(current.leadTime.p50Seconds)} median` : "No data");
  return figures;
}

/** Changes what the page is about; the address says so. */
async function choose(page, change, query) {
  const gone = page.waitForURL(`${url}/?${query}`);
  await change();
  await gone;
  await page.waitForLoadState();
}

test("range, environment, service and zone are in the address, and figures are of them", async () => {
  const page = await open(team);
  await visit(page, "/");
  const first = await tiles(page);

  const production = "timeRange=90d&environment=production&timeZone=UTC";
  await choose(page, () => page.getByLabel("Range").selectOption("90d"), production);
  const long = await tiles(page);
  assert.notDeepEqual(long, first);

  const staging = "timeRange=90d&environment=staging&timeZone=UTC";
  await choose(page, () => page.getByLabel("Environment").selectOption("staging"), staging);
  const tried = await tiles(page);
  assert.notDeepEqual(tried, long);

  const docs = "timeRange=90d&environment=production&service=docs&timeZone=UTC";
  await page.goto("/?timeRange=90d&service=docs");
  assert.equal(await page.locator(".controls [name=service]").inputValue(), "docs");
  await page.locator(".controls [name=service]").selectOption("acme/pay");
  await page.waitForURL(/service=acme%2Fpay/);
  await choose(page, () => page.locator(".controls [name=service]").selectOption("docs"), docs);
  const few = await tiles(page);
  assert.equal(few[1], "No data");

  await page.getByLabel("Time zone").fill("Asia/Tokyo");
  await choose(page, () => page.getByLabel("Time zone").press("Enter"), docs.replace("UTC", "Asia%2FTokyo"));
  assert.equal(await page.getByLabel("Time zone").inputValue(), "Asia/Tokyo");
  await tiles(page);

  const links = page.getByRole("navigation").getByRole("link");
  for (const link of await links.all()) {
    const href = await link.getAttribute("href");
    if (href !== "/settings/keys") assert.match(href, /timeRange=90d.*timeZone=Asia%2FTokyo/);
  }
  assert.deepEqual(page.complaints, []);
});

test("whoever follows a copied address sees the same", async () => {
  const address = "/?timeRange=180d&service=acme%2Fshop&timeZone=Europe%2FKyiv";
  const [mine, theirs] = [await open(team), await open(team)];
  await visit(mine, address);
  await visit(theirs, mine.url());
  const seen = async (page) => ({
    tiles: await tiles(page),
    window: await texts(page, ".window"),
    rows: await texts(page, "table tr"),
    range: await page.getByLabel("Range").inputValue(),
    service: await page.locator(".controls [name=service]").inputValue(),
  });
  const both = [await seen(mine), await seen(theirs)];
  assert.deepEqual(both[1], both[0]);
  assert.equal(both[0].range, "180d");
  assert.equal(both[0].service, "acme/shop");
});

test("two dates in the address are told, and can be left for the last days", async () => {
  const page = await open(team);
  const dates = { since: isoDay(20), until: isoDay(10) };
  await visit(page, `/?${new URLSearchParams(dates)}`);
  await tiles(page);
  await page.getByLabel("Environment").selectOption("staging");
  await page.waitForURL(/environment=staging/);
  assert.equal(new URL(page.url()).searchParams.get("since"), dates.since);
  await page.getByRole("link", { name: "last days instead" }).click();
  await page.waitForURL((address) => !address.searchParams.has("since"));
  assert.equal(new URL(page.url()).searchParams.get("environment"), "staging");
  assert.equal(await page.getByLabel("Range").inputValue(), "30d");
});

test("without a script a button applies what was chosen", async () => {
  const page = await open(team, { javaScriptEnabled: false });
  await visit(page, "/");
  await page.getByLabel("Range").selectOption("7d");
  await page.getByRole("button", { name: "Apply" }).click();
  await page.waitForURL(/timeRange=7d/);
  await tiles(page);
  await page.getByRole("link", { name: "Lead time for changes" }).click();
  await page.waitForURL(/\/metrics\/lead-time\?timeRange=7d/);
});

test("a question that makes no sense is answered by a page that says what is wrong", async () => {
  const page = await open(team);
  for (const [query, sentence] of [
    ["timeRange=7x", /timeRange/],
    ["timeZone=Mars", /timeZone/],
    ["since=2020-01-01T00:00:00Z", /until/],
  ]) {
    const response = await page.goto(`/?${query}`);
    assert.equal(response.status(), 400, query);
    assert.match(await page.locator("main").innerText(), sentence);
  }
});

test("a sample is counted the same in the definition and in the API", async () => {
  const page = await open(team);
  await visit(page, "/metrics/lead-time?timeRange=90d");
  const { sampleSize } = await team.get("/api/metrics/lead-time?timeRange=90d");
  assert.ok((await texts(page, ".definition")).join().includes(`${count(sampleSize)} shipped pull requests`));
});

function isoDay(days) {
  return `${new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10)}T00:00:00Z`;
}
