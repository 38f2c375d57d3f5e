// What every page promises, whichever it is.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import axe from "axe-core";
import { open, visit, within } from "./browser.mjs";
import { pages } from "./pages.mjs";
import { shop } from "./shop.mjs";
import { tooWide } from "./width.mjs";

let team;
let paths;

before(async () => {
  team = await shop("pages");
  paths = await pages(team);
});

/** Does the same in every page; what is wrong is told of all of them at once. */
async function inEvery(options, act) {
  const wrong = await within(team, options, async (page) => {
    const found = [];
    for (const path of paths) {
      await visit(page, path);
      for (const problem of [(await act(page)) ?? []].flat()) found.push(`${path}: ${problem}`);
    }
    return [...found, ...page.complaints];
  });
  assert.deepEqual(wrong, []);
}

test("there are the pages that there should be", () => {
  const kinds = new Set(paths.map((path) => path.split("?")[0].replace(/\d+/g, "N")));
  for (const kind of ["/", "/metrics/deployment-frequency", "/metrics/lead-time", "/metrics/change-failure-rate"]) {
    assert.ok(kinds.has(kind), kind);
  }
  const records = ["/deployments", "/deployments/N", "/pull-requests", "/pull-requests/N", "/repositories"];
  const settings = ["keys", "keys/new", "keys/N/revoke", "repositories", "github", "organization"];
  for (const kind of ["/metrics/mttr", "/setup", "/sign-in", ...records, ...settings.map((name) => `/settings/${name}`)]) {
    assert.ok(kinds.has(kind), kind);
  }
});

test("no page has an error, breaks its content policy or asks another site for anything", async () => {
  await inEvery({}, (page) =>
    page.evaluate(() => {
      const text = document.body.innerText;
      const titles = document.querySelectorAll("h1").length === 1 && document.title.endsWith("· Periscope");
      const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
      const twice = ids.filter((id, at) => ids.indexOf(id) !== at);
      return [
        ...(text.match(/NaN|Infinity|undefined|\[object/g) ?? []),
        ...(titles ? [] : ["has no title"]),
        ...twice.map((id) => `has ${id} twice`),
        ...[...document.querySelectorAll("[style], style, script:not([src])")].map((found) => `has ${found.outerHTML}`),
      ];
    }),
  );
});

test("every page can be read without a script", async () => {
  const read = (page) => page.evaluate(() => document.querySelector("main").innerText.length);
  const withScript = new Map();
  await within(team, {}, async (page) => {
    for (const path of paths) {
      await visit(page, path);
      withScript.set(path, await read(page));
    }
  });
  await within(team, { javaScriptEnabled: false }, async (page) => {
    for (const path of paths) {
      await visit(page, path);
      const length = (await page.locator("main").innerText()).length;
      assert.ok(length >= withScript.get(path) * 0.95, `${path}: ${length} of ${withScript.get(path)} characters`);
    }
    assert.deepEqual(page.complaints, []);
  });
});

test("no page is wider than a screen of 360 pixels", async () => {
  await inEvery({ viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 }, tooWide);
});

test("no page is wider than a wide screen, or cut off on a wall", async () => {
  await inEvery({ viewport: { width: 2560, height: 1440 } }, tooWide);
});

for (const colorScheme of ["light", "dark"]) {
  test(`axe finds nothing serious in any page in ${colorScheme}`, async () => {
    const options = { bypassCSP: true, colorScheme, reducedMotion: "reduce" };
    await inEvery(options, async (page) => {
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate(() => window.axe.run({ resultTypes: ["violations"] }));
      return violations
        .filter(({ impact }) => ["serious", "critical"].includes(impact))
        .map(({ id, nodes }) => `${id} of ${nodes.length}: ${nodes[0].html} ${nodes[0].any[0]?.message ?? ""}`);
    });
  });
}

test("pages are dark for whoever wants them dark", async () => {
  const brightness = (page) =>
    page.evaluate(() => {
      const [red, green, blue] = getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number);
      return (red + green + blue) / 3;
    });
  await within(team, { colorScheme: "dark" }, async (page) => {
    await visit(page, "/");
    assert.ok((await brightness(page)) < 40);
    await page.emulateMedia({ colorScheme: "light" });
    assert.ok((await brightness(page)) > 220);
  });
});

test("the tab key leads through the whole page, and shows where it is", async () => {
  await inEvery({}, async (page) => {
    const path = new URL(page.url()).pathname;
    if (path === "/sign-in") return [];
    const count = await page.evaluate(() => {
      const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")];
      const isReached = (element) =>
        element.checkVisibility() &&
        !element.disabled &&
        element.type !== "hidden" &&
        (element.type !== "radio" || element.checked);
      const reached = all.filter(isReached);
      reached.forEach((element, place) => element.setAttribute("data-place", place));
      return reached.length;
    });
    const wrong = [];
    for (let place = 0; place < Math.min(count, 60); place += 1) {
      // A date has a stop for each of its parts.
      do await page.keyboard.press("Tab");
      while (await page.evaluate((last) => document.activeElement.matches(`[type=date][data-place="${last}"]`), place - 1));
      const focus = await page.evaluate(() => {
        const element = document.activeElement;
        const style = getComputedStyle(element);
        const { right, width, height } = element.getBoundingClientRect();
        return {
          place: Number(element.dataset.place),
          name: element.outerHTML.slice(0, 80),
          isShown: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1,
          // What is drawn is as large as its pen.
          isInside: right > 0 && (width + height > 0 || element instanceof SVGElement),
        };
      });
      if (focus.place !== place) wrong.push(`tab ${place} is at ${focus.name}`);
      if (!focus.isShown || !focus.isInside) wrong.push(`focus cannot be seen at ${focus.name}`);
      if (wrong.length > 3) break;
    }
    return wrong;
  });
});

test("the first tab skips to the content, past the navigation", async () => {
  const page = await open(team);
  await visit(page, "/");
  await page.keyboard.press("Tab");
  const skip = page.locator(":focus");
  assert.equal(await skip.innerText(), "Skip to the content");
  assert.ok((await skip.boundingBox()).x >= 0, "it can be seen");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.name), "timeRange");
});
