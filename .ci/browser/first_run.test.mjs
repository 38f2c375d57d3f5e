import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import axe from "axe-core";
import { open, texts, visit, within } from "./browser.mjs";
import { makeKey, organization } from "./periscope.mjs";
import { tooWide } from "./width.mjs";

const shell = (script, env) => promisify(execFile)("sh", ["-c", script], { env: { ...process.env, ...env } });

test("the first page waits, and shows the overview when its own curl was run", async () => {
  const team = await organization("first-run");
  const page = await open(team);
  await visit(page, "/");
  await page.getByRole("status").getByText("Waiting for the first event").waitFor();
  const request = await page.locator("#request").innerText();
  assert.match(request, /^curl /);
  assert.match(await page.locator("main").innerText(), /begins a Business trial of 14 days/);

  const { stdout } = await shell(`${request} --silent --fail`, { PERISCOPE_KEY: team.key });
  assert.equal(JSON.parse(stdout).action, "created");
  await page.locator(".tiles").waitFor();
  assert.equal((await texts(page, ".tile .figure"))[0], "0.03 a day");
  assert.doesNotMatch(await page.locator("body").innerText(), /trial/);

  await page.getByRole("link", { name: "Next: Send commits and pull requests" }).first().click();
  await page.waitForURL(/\/setup#pull-requests/);
  assert.deepEqual(await texts(page, ".first-steps > li .heading .status"), ["done", "done", "open", "done"]);
  assert.equal(await page.locator(".snippets .panel").count(), 6);
  assert.deepEqual(page.complaints, []);
});

test("the first page promises what every page does", async () => {
  const team = await organization("first-promises");
  await within(team, { viewport: { width: 360, height: 740 } }, async (page) => {
    await visit(page, "/");
    assert.deepEqual(await tooWide(page), []);
    assert.deepEqual(page.complaints, []);
  });
  for (const colorScheme of ["light", "dark"]) {
    await within(team, { bypassCSP: true, colorScheme, reducedMotion: "reduce" }, async (page) => {
      await visit(page, "/");
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate(() => window.axe.run());
      const grave = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
      assert.deepEqual(grave.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), []);
    });
  }
});

test("the step of each CI is there to copy, with or without a script", async () => {
  const team = await organization("first-snippets");
  for (const javaScriptEnabled of [true, false]) {
    const page = await open(team, { javaScriptEnabled, permissions: ["clipboard-read", "clipboard-write"] });
    await visit(page, "/");
    for (const name of await texts(page, ".snippets .tabs label")) {
      await page.locator(".snippets .tabs").getByText(name, { exact: true }).click();
      const shown = page.locator(".snippets .panel:visible");
      assert.equal(await shown.count(), 1, name);
      const text = await shown.locator("pre").innerText();
      assert.match(text, /PERISCOPE_KEY/, name);
      assert.match(text, /\/api\/webhooks\/deployments/, name);
      if (!javaScriptEnabled) continue;
      await shown.getByRole("button", { name: "Copy" }).click();
      await shown.getByRole("button", { name: "Copied" }).waitFor();
      assert.equal((await page.evaluate(() => navigator.clipboard.readText())).trim(), text.trim());
    }
    assert.deepEqual(page.complaints, []);
  }
});

test("whoever may not make a key is told who may", async () => {
  const team = await organization("first-reader");
  team.key = await makeKey(team.slug, "read");
  const page = await open(team);
  await visit(page, "/");
  assert.equal(await page.getByRole("link", { name: "Make a key" }).count(), 0);
  assert.match(await page.locator("main").innerText(), /periscope key create --org first-reader/);
});
