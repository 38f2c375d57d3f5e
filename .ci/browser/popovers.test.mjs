// Whatever opens over a page or in it lies inside the window, however wide or low that is.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { visit, within } from "./browser.mjs";
import { pages } from "./pages.mjs";
import { command, makeKey, organization } from "./periscope.mjs";
import { shop } from "./shop.mjs";

const WIDTHS = [320, 360, 414, 540, 700, 768, 800, 1000, 1024, 1280, 1440, 2560];
const WINDOWS = WIDTHS.map((width) => ({ width, height: 720 }));
const LOW = [
  { width: 640, height: 360 },
  { width: 1024, height: 480 },
];

const FEW = WINDOWS.filter(({ width }) => [320, 768, 1440].includes(width));

const paths = new Map();

before(async () => {
  const team = await shop("popovers");
  await makeKey(team.slug, "read");
  const { id } = JSON.parse(await command("key", "list", "--org", team.slug, "--output", "json")).at(-1);
  await command("key", "revoke", "--org", team.slug, String(id));
  for (const one of [team, await organization("popovers-of-nothing")]) paths.set(one, await pages(one));
});

/** What is open, its edges and those of its text, in a window of some size. */
const edges = (opened) => {
  const { left, top, right, bottom } = opened.getBoundingClientRect();
  const text = document.createRange();
  text.selectNodeContents(opened);
  const words = text.getBoundingClientRect();
  const { clientWidth, clientHeight } = document.documentElement;
  const isOver = opened.matches("[popover]");
  return {
    left,
    right,
    top,
    bottom,
    isSeen: right > left && bottom > top && opened.checkVisibility(),
    isInside: left >= 0 && right <= clientWidth && (!isOver || (top >= 0 && bottom <= clientHeight)),
    isWhole: words.left >= left && words.right <= right && (opened.scrollHeight <= opened.clientHeight || getComputedStyle(opened).overflowY === "auto"),
  };
};

/** Opens one after the other and says which are cut off. */
async function cutOff(page, size) {
  const found = [];
  for (const button of await page.locator("[popovertarget]").all()) {
    await button.scrollIntoViewIfNeeded();
    await button.click();
    const name = await button.getAttribute("popovertarget");
    const seen = await page.locator(`#${name}`).evaluate(edges);
    if (!seen.isSeen || !seen.isInside || !seen.isWhole) found.push(`${name} in ${size}: ${JSON.stringify(seen)}`);
    await page.keyboard.press("Escape");
    assert.ok(!(await page.locator(`#${name}`).isVisible()), `${name} closes by Escape`);
  }
  for (const details of await page.locator("details").all()) {
    await details.locator("summary").click();
    const seen = await details.evaluate(edges);
    if (!seen.isSeen || !seen.isInside) found.push(`details in ${size}: ${JSON.stringify(seen)}`);
    await details.locator("summary").click();
  }
  return found;
}

/** Opens all that a page has, in every window, and says what is cut off. */
async function inEvery(windows, options, visited) {
  const wrong = [];
  let opened = 0;
  for (const [team, all] of paths) {
    await within(team, options, async (page) => {
      for (const path of all.filter(visited)) {
        await visit(page, path);
        const count = await page.locator("[popovertarget], details").count();
        opened += count;
        for (const size of count > 0 ? windows : []) {
          await page.setViewportSize(size);
          for (const problem of await cutOff(page, `${size.width} x ${size.height}`)) wrong.push(`${path}: ${problem}`);
        }
      }
      assert.deepEqual(page.complaints, []);
    });
  }
  assert.ok(opened > 0, "there is something to open");
  assert.deepEqual(wrong, []);
}

const isOverview = (path) => path.split("?")[0] === "/";

test("the definition behind each i of the overview lies inside every window", async () => {
  await inEvery([...WINDOWS, ...LOW], {}, isOverview);
});

test("whatever else opens lies inside the window as well", async () => {
  await inEvery(FEW, {}, (path) => !isOverview(path));
});

test("a definition opens without a script", async () => {
  await inEvery(FEW, { javaScriptEnabled: false }, isOverview);
});

test("a definition lies inside the window where the browser cannot place it at its button", async () => {
  await within([...paths.keys()][0], { bypassCSP: true }, async (page) => {
    await visit(page, "/");
    const content = ".popover { position-area: none !important; position-try: none !important; inset: 0 !important; margin: auto !important; max-height: calc(100vh - 2rem) !important; }";
    await page.addStyleTag({ content });
    for (const size of [...FEW, ...LOW]) {
      await page.setViewportSize(size);
      assert.deepEqual(await cutOff(page, `${size.width} x ${size.height}`), []);
    }
  });
});
