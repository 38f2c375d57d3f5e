// Every page that links lead to, found by following them from the overview.

import assert from "node:assert/strict";
import { within } from "./browser.mjs";
import { url } from "./periscope.mjs";

/** Pages of one kind have the same path but for numbers. */
const kindOf = ({ pathname }) => pathname.replace(/\d+/g, "N");

/**
 * A page of each kind that an organization has. There is none that does not answer, none without a title, and no link
 * that leads nowhere.
 */
export async function pages(organization, from = ["/", "/sign-in"]) {
  return within(organization, {}, async (page) => {
    const found = new Map();
    const open = from.map((path) => new URL(path, url));
    for (const address of open) found.set(kindOf(address), address);
    for (const address of open) {
      const response = await page.context().request.get(address.href);
      assert.equal(response.status(), 200, `${address.pathname}${address.search}`);
      if (!response.headers()["content-type"].startsWith("text/html")) continue;
      for (const next of links(await response.text(), address)) {
        if (next.origin !== url || next.pathname === "/docs" || found.has(kindOf(next))) continue;
        found.set(kindOf(next), next);
        open.push(next);
      }
    }
    return [...found.values()]
      .filter((address) => !address.pathname.startsWith("/assets/"))
      .map((address) => address.pathname + address.search);
  });
}

function links(html, base) {
  const written = [...html.matchAll(/\b(?:href|src)="([^"]*)"/g)];
  return written.map(([, address]) => new URL(address.replaceAll("&amp;", "&").replaceAll("&#38;", "&"), base));
}
