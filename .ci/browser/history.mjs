// The history of a real repository, moved in time so that a day of it is today, with what such histories lack: titles,
// how long reviews took, failures, and two services more that are built from the same repository. The same file gives the
// same each time.

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { forEach } from "./periscope.mjs";
import { Random } from "./random.mjs";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const PEOPLE = [
  ...["ada", "grace", "linus", "barbara", "edsger", "margaret", "donald", "radia", "ken", "hedy"],
  ...["alan", "katherine", "dennis", "frances", "niklaus", "karen", "bjarne", "shafi", "tim", "jean"],
];
const DONE = ["Fix", "Speed up", "Simplify", "Document", "Add tests for", "Retry", "Clean up", "Log less in"];
const WHAT = [
  ...["paging", "time zones", "empty answers", "the rate limit"],
  ...["null columns", "the migration", "deleted users", "incremental runs"],
];
const WHERE = [
  "of the Jira collector",
  "in GitHub reviews",
  "of the GitLab pipelines",
  "in the webhook plugin",
  "of the DORA tables",
  "in the config form",
  "of scheduled blueprints",
  "in the API",
];

/** Sends the history in a file to an organization, as it was at a moment of it. */
export class History {
  constructor(file, { repository, last, seed = 3 }) {
    this.history = JSON.parse(gunzipSync(readFileSync(file)));
    this.repository = repository;
    this.last = Date.parse(last);
    this.now = Date.now();
    this.random = new Random(seed);
  }

  async send(organization) {
    const { repository } = this;
    const known = this.#until(this.history.commits, ([, , at]) => at * 1000);
    const commits = known.map(([sha, parents, at]) => ({ sha, parents, committedAt: this.#moved(at * 1000) }));
    for (const part of parts(commits)) await organization.post("/api/commits", { repository, commits: part });
    const merged = this.#until(this.history.pull_requests, (of) => Date.parse(of.merged_at));
    for (const part of parts(merged.map((of) => this.#pullRequest(of)))) {
      await organization.post("/api/pull-requests", { repository, pullRequests: part });
    }
    await forEach([...this.#releases(), ...this.#services(merged)], (deployment) => organization.deploy(deployment));
  }

  /** What had happened by then. */
  #until(items, timeOf) {
    return items.filter((item) => timeOf(item) <= this.last);
  }

  #moved(time) {
    return new Date(time - this.last + this.now).toISOString();
  }

  #pullRequest(of) {
    const { random } = this;
    return {
      number: of.number,
      mergeCommitSha: of.merge_commit_sha,
      mergedAt: this.#moved(Date.parse(of.merged_at)),
      createdAt: this.#moved(Date.parse(of.merged_at) - random.logNormal(14, 1.2) * HOUR),
      title: `${random.of(DONE)} ${random.of(WHAT)} ${random.of(WHERE)}`,
      url: `https://github.com/${this.repository}/pull/${of.number}`,
      author: of.author && this.#person(of.author),
      baseBranch: of.base,
      additions: Math.ceil(random.logNormal(40, 1.3)),
      deletions: Math.ceil(random.logNormal(12, 1.3)),
      changedFiles: random.between(1, 14),
    };
  }

  #person(name) {
    return PEOPLE[Number(name.split("-")[1]) % PEOPLE.length] ?? name;
  }

  /** The deployments of the history itself; now and then one fails first. */
  #releases() {
    const { random } = this;
    const released = this.#until(this.history.deployments, (of) => Date.parse(of.completed_at));
    return released.flatMap(({ id, commit, previous, completed_at }) => {
      const at = Date.parse(completed_at);
      const shared = { commitSha: commit, previousCommitSha: previous ?? undefined, service: this.repository };
      const success = this.#deployment({ ...shared, deploymentId: id }, "success", at);
      if (random.next() > 0.12) return [success];
      const before = at - random.between(20, 200) * MINUTE;
      return [this.#deployment({ ...shared, deploymentId: `${id}-1` }, "failure", before), success];
    });
  }

  /** Two services that deploy what is on the main branch, some times on each working day. */
  #services(merged) {
    const { random } = this;
    const main = merged
      .filter((of) => of.base === "main")
      .map((of) => ({ commit: of.merge_commit_sha, at: Date.parse(of.merged_at) }))
      .sort((one, other) => one.at - other.at);
    const deployments = [];
    for (const service of ["config-ui", "dashboards"]) {
      let run = 100;
      let next = 0;
      for (let day = 200; day >= 0; day -= 1) {
        const weekday = new Date(this.last - day * DAY).getUTCDay();
        const times = weekday % 6 === 0 ? 0 : random.of([0, 1, 1, 1, 2, 3]);
        for (let time = 0; time < times; time += 1) {
          const at = this.last - day * DAY - random.between(1, 10) * HOUR - random.between(0, 59) * MINUTE;
          const commit = main.findLast((of) => of.at < at)?.commit;
          if (commit === undefined || at < next) continue;
          const deployment = { commitSha: commit, service };
          const [status] = [...chances].find(([, share]) => random.next() < share) ?? ["success"];
          run += 1;
          deployments.push(this.#deployment({ ...deployment, deploymentId: `${service}-${run}` }, status, at));
          next = at;
          if (status === "success" || status === "cancelled") continue;
          // Whoever broke it repairs it before they go on.
          run += 1;
          next = at + random.logNormal(70, 0.7) * MINUTE;
          if (next > this.last) deployments.pop();
          else deployments.push(this.#deployment({ ...deployment, deploymentId: `${service}-${run}` }, "success", next));
        }
      }
    }
    return deployments;
  }

  #deployment(deployment, status, at) {
    const { random } = this;
    return {
      ...deployment,
      status,
      startedAt: this.#moved(at - random.between(90, 900) * 1000),
      completedAt: this.#moved(at),
      branch: "main",
      triggeredBy: random.of(PEOPLE.slice(0, 8)),
      pipelineName: "deploy",
      pipelineUrl: `https://github.com/${this.repository}/actions/runs/${random.between(4_000_000_000, 4_900_000_000)}`,
    };
  }
}

/** How often something else than success is the end. */
const chances = new Map([
  ["failure", 0.07],
  ["rolled_back", 0.04],
  ["cancelled", 0.05],
]);

function* parts(items) {
  for (let start = 0; start < items.length; start += 1000) yield items.slice(start, start + 1000);
}
