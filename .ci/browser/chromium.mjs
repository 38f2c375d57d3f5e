// The browser, and the way into Periscope.

import { chromium } from "playwright-core";

/** Starts a browser of its own. */
export function launch(...args) {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: ["--no-sandbox", ...args] });
}

/** Fills in and sends the form of the page that asks to sign in. */
export async function signIn(page, key) {
  await page.getByLabel("API key").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
}
