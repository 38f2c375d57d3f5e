// A real browser, and what it complains of.

import assert from "node:assert/strict";
import { after } from "node:test";
import { launch, signIn } from "./chromium.mjs";
import { url } from "./periscope.mjs";

export { signIn };

let started;

function browser() {
  started ??= launch();
  return started;
}

after(async () => (await started)?.close());

/** A page in a window of its own, signed in to an organization if one is named. */
export async function open(organization, options = {}) {
  const context = await (await browser()).newContext({
    baseURL: url,
    storageState: organization && (await session(organization)),
    timezoneId: "UTC",
    ...options,
  });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  page.complaints = complaints(page);
  return page;
}

/** Opens a page for as long as something is done with it. */
export async function within(organization, options, act) {
  const page = await open(organization, options);
  try {
    return await act(page);
  } finally {
    await page.context().close();
  }
}

/** Signs in by the form, once. */
async function session(organization) {
  organization.session ??= within(undefined, {}, async (page) => {
    await page.goto("/sign-in");
    await signIn(page, organization.key);
    await page.waitForURL(url + "/");
    return page.context().storageState();
  });
  return organization.session;
}

/** All that goes wrong in a page, and every request that leaves for somewhere else. */
function complaints(page) {
  const found = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) found.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => found.push(`script: ${error}`));
  page.on("dialog", (dialog) => {
    found.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(`${url}/`)) found.push(`request to ${request.url()}`);
  });
  page.on("requestfailed", (request) => {
    const { errorText } = request.failure();
    // A page that is left no longer wants its icon.
    if (errorText !== "net::ERR_ABORTED") found.push(`failed: ${request.url()} ${errorText}`);
  });
  page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`forbidden by ${event.violatedDirective}: ${event.blockedURI}`);
    });
  });
  return found;
}

/** Goes to a page that there must be. */
export async function visit(page, path) {
  const response = await page.goto(path);
  assert.equal(response.status(), 200, path);
}

/** The text of each of some elements, with plain spaces. */
export async function texts(page, selector) {
  const found = await page.locator(selector).allInnerTexts();
  return found.map(plain);
}

export const plain = (text) => text.replace(/[\s\u202f]+/g, " ").trim();
