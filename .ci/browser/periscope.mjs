// The program under test as senders and readers know it: by its command line and its API. Each test has an organization of
// its own, so none sees what another does.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";

export const url = process.env.PERISCOPE_URL;

const run = promisify(execFile);

/** What a command prints. */
export async function command(...args) {
  const { stdout } = await run(process.env.PERISCOPE, args);
  return stdout.trim();
}

/** A new organization, with a key that may do everything. */
export async function organization(slug, name = slug) {
  await command("org", "create", slug, "--name", name);
  return new Organization(slug, await makeKey(slug, "ingest", "read", "admin"));
}

export const makeKey = (slug, ...scopes) =>
  command("key", "create", "--org", slug, ...scopes.flatMap((scope) => ["--scope", scope]));

class Organization {
  constructor(slug, key) {
    this.slug = slug;
    this.key = key;
    /** How a browser is signed in; see `browser.mjs`. */
    this.session = undefined;
  }

  /** Sends something, and tells how it was answered. */
  post(path, body) {
    return this.#ask(path, { method: "POST", body: JSON.stringify(body) });
  }

  get(path) {
    return this.#ask(path, {});
  }

  /** A deployment of a commit; the number of it if it has no other name. */
  deploy(deployment) {
    return this.post("/api/webhooks/deployments", {
      environment: "production",
      status: "success",
      startedAt: deployment.completedAt,
      ...deployment,
    });
  }

  async #ask(path, options) {
    const headers = { authorization: `Bearer ${this.key}`, "content-type": "application/json" };
    const response = await fetch(url + path, { ...options, headers });
    const answer = await response.json();
    assert.ok(response.ok, `${path}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  }
}

/** Does something for each of many, some at a time. */
export async function forEach(items, act, atOnce = 8) {
  const left = items[Symbol.iterator]();
  const worker = async () => {
    for (const item of left) await act(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
