// Names as long as may be, names that would be HTML, hardly any data and a lot of it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { open, texts, visit, within } from "./browser.mjs";
import { pages } from "./pages.mjs";
import { command, organization } from "./periscope.mjs";
import { sha } from "./shop.mjs";
import { tooWide } from "./width.mjs";

const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();

/** An organization in which everything has the same name, as far as names go. */
async function named(slug, name) {
  const team = await organization(slug, name.slice(0, 100));
  const cut = (length) => name.slice(0, length);
  const repository = `acme/${slug}`;
  await team.post("/api/pull-requests", {
    repository,
    pullRequests: [1, 2, 3].map((number) => ({
      number,
      mergeCommitSha: sha(slug, number),
      mergedAt: ago(500 - number),
      createdAt: ago(5000 * number),
      title: cut(255),
      author: cut(100),
      mergedBy: cut(100),
      baseBranch: cut(255),
      headBranch: cut(255),
      url: "https://github.example/acme/pull/1",
      additions: 2_000_000_000 - number,
      deletions: 7 * number,
    })),
  });
  for (const [number, status] of ["success", "failure", "cancelled", "rolled_back"].entries()) {
    const deployment = {
      commitSha: sha(slug, 1 + (number % 3)),
      status,
      startedAt: ago(400 - 10 * number),
      completedAt: ago(395 - 10 * number),
      branch: cut(255),
      triggeredBy: cut(255),
      pipelineName: cut(255),
      pipelineUrl: "https://ci.example.org/run",
    };
    await team.deploy({ ...deployment, deploymentId: `${number}${cut(254)}`, service: cut(255) });
    await team.deploy({ ...deployment, deploymentId: `r${number}`, service: repository });
    await team.deploy({ ...deployment, deploymentId: `e${number}`, service: repository, environment: cut(100) });
  }
  return team;
}

test("names that would be HTML are only text, in every page", async () => {
  const name = `"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'{{7*7}}<svg/onload=alert(1)>&amp;`;
  const team = await named("hostile", name);
  const paths = await pages(team);
  await within(team, {}, async (page) => {
    let shown = 0;
    for (const path of paths) {
      await visit(page, path);
      assert.equal(await page.evaluate(() => window.hacked), undefined, path);
      assert.equal(await page.locator("img, main script, svg[onload]").count(), 0, path);
      shown += (await page.locator("body").innerText()).includes(name) ? 1 : 0;
    }
    assert.ok(shown >= 5, "the name is shown");
    assert.deepEqual(page.complaints, []);
  });
});

for (const [kind, name] of [
  ["one word", "w".repeat(255)],
  ["many words", "a long name ".repeat(22).slice(0, 255)],
]) {
  test(`names of 255 characters in ${kind} widen no page`, async () => {
    const team = await named(`long-${kind.replace(" ", "-")}`, name);
    const paths = await pages(team);
    const wrong = [];
    for (const width of [360, 1280]) {
      await within(team, { viewport: { width, height: 800 } }, async (page) => {
        for (const path of paths) {
          await visit(page, path);
          for (const problem of [await tooWide(page)].flat()) wrong.push(`${path.slice(0, 60)}: ${problem}`);
        }
        assert.deepEqual(page.complaints, []);
      });
    }
    assert.deepEqual(wrong, []);
  });
}

test("one deployment is enough for every page", async () => {
  const team = await organization("one");
  await team.deploy({ deploymentId: "only", commitSha: sha("one", 1), completedAt: ago(60) });
  const paths = await pages(team);
  await within(team, {}, async (page) => {
    for (const path of paths) {
      await visit(page, path);
      assert.doesNotMatch(await page.content(), /NaN|Infinity|undefined/, path);
    }
    await visit(page, "/");
    assert.deepEqual(await texts(page, ".tile .figure"), ["0.03 a day", "No data", "0 %", "No data"]);
    assert.deepEqual(page.complaints, []);
  });
});

test("an overview of ten thousand deployments is loaded with less than 100 KB", { timeout: 120_000 }, async () => {
  const team = await organization("many");
  await deployTags(team, 10_000);
  const page = await open(team);
  const network = await page.context().newCDPSession(page);
  let received = 0;
  await network.send("Network.enable");
  network.on("Network.loadingFinished", ({ encodedDataLength }) => { received += encodedDataLength; });
  await visit(page, "/?timeRange=90d");
  await page.waitForLoadState("networkidle");
  assert.ok(received > 5_000, "something was counted");
  assert.ok(received < 100_000, `${received} bytes`);
  const { current } = await team.get("/api/metrics/overview?timeRange=90d");
  assert.ok(current.deploymentFrequency.deployments > 9_990);
  assert.deepEqual(page.complaints, []);
});

/** Deployments by the tags of a clone, which a command records within seconds: many of each commit. */
async function deployTags(team, count) {
  const clone = mkdtempSync(join(tmpdir(), "many-"));
  const git = (args, input) => execFileSync("git", ["-C", clone, ...args], { input, encoding: "utf8" });
  try {
    git(["init", "--quiet", "--bare", "--initial-branch=main"]);
    const each = 50;
    const last = Math.floor(Date.now() / 1000) - 3600;
    const commits = Array.from({ length: count / each }, (_, index) => {
      const by = `A <a@example.org> ${last - (count / each - index) * 36_000} +0000`;
      const message = `Change ${index} (#${index + 1})\n`;
      return `commit refs/heads/main\nauthor ${by}\ncommitter ${by}\ndata ${message.length}\n${message}\n`;
    });
    git(["fast-import", "--quiet"], commits.join(""));
    const shas = git(["rev-list", "main"]).trim().split("\n");
    const tags = Array.from({ length: count }, (_, index) => `${shas[index % shas.length]} refs/tags/${100_000 + index}\n`);
    appendFileSync(join(clone, "packed-refs"), tags.join(""));
    const from = [clone, "--repository", "acme/many", "--branch", "main"];
    await command("import", "git", ...from, "--org", team.slug, "--tags-as-deployments", "*");
  } finally {
    rmSync(clone, { recursive: true });
  }
}
