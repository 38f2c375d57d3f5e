// What a small team does in ninety days: two repositories, a third service that nobody has the code of, failures and
// recoveries, staging, and one service that is down now.

import { createHash } from "node:crypto";
import { organization } from "./periscope.mjs";
import { Random } from "./random.mjs";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const TITLES = ["Cache the price list", "Retry what the bank refuses", "Say what is in stock", "Round to cents"];
const AUTHORS = ["ada", "grace", "linus", "barbara"];

/** An organization with such a history. */
export async function shop(slug) {
  const team = await organization(slug, "The shop");
  const random = new Random(7);
  for (const name of ["shop", "pay"]) await develop(team, random, name);
  for (const days of [40, 12, 3]) {
    const completedAt = ago(days * DAY);
    await team.deploy({ deploymentId: `docs-${days}`, commitSha: sha("docs", days), service: "docs", completedAt });
  }
  await team.deploy({
    deploymentId: "pay-down",
    commitSha: sha("pay", 45),
    service: "acme/pay",
    status: "failure",
    triggeredBy: "grace",
    completedAt: ago(5 * HOUR),
    pipelineUrl: "https://ci.example.org/pay/down",
  });
  return team;
}

/** A commit each second day, merged by a pull request; most are deployed, some only after a failure. */
async function develop(team, random, name) {
  const repository = `acme/${name}`;
  const changes = Array.from({ length: 45 }, (_, index) => ({ number: index + 1, days: 89.6 - 2 * index }));
  const commits = changes.map(({ number, days }) => ({
    sha: sha(name, number),
    parents: number === 1 ? [] : [sha(name, number - 1)],
    committedAt: ago(days * DAY),
  }));
  const pullRequests = changes.map(({ number, days }) => ({
    number,
    mergeCommitSha: sha(name, number),
    mergedAt: ago(days * DAY),
    createdAt: ago(days * DAY + random.logNormal(20, 1) * HOUR),
    title: random.of(TITLES),
    url: `https://github.example/${repository}/pull/${number}`,
    author: random.of(AUTHORS),
    baseBranch: "main",
    additions: Math.round(random.logNormal(60, 1)),
    deletions: random.between(0, 40),
    changedFiles: random.between(1, 9),
  }));
  await team.post("/api/commits", { repository, commits });
  await team.post("/api/pull-requests", { repository, pullRequests });
  for (const { number, days } of changes) {
    const shared = { commitSha: sha(name, number), service: repository, branch: "main", triggeredBy: random.of(AUTHORS) };
    const staging = { environment: "staging", deploymentId: `${name}-staging-${number}` };
    await team.deploy({ ...shared, ...staging, completedAt: ago((days - 0.02) * DAY) });
    const outcome = random.next();
    if (outcome < 0.15) continue;
    const firstAt = Math.max(days * DAY - random.logNormal(3, 0.8) * HOUR, 9 * HOUR);
    if (outcome < 0.4) {
      const status = random.of(["failure", "rolled_back", "cancelled"]);
      await team.deploy({ ...shared, deploymentId: `${name}-${number}-first`, status, completedAt: ago(firstAt) });
    }
    const at = firstAt - random.between(20, 180) * 60_000;
    const startedAt = ago(at + 10 * 60_000);
    await team.deploy({ ...shared, deploymentId: `${name}-${number}`, startedAt, completedAt: ago(at) });
  }
}

const start = Date.now();

const ago = (milliseconds) => new Date(start - milliseconds).toISOString();

/** A commit of a repository by a number. */
export function sha(name, number) {
  return createHash("sha1").update(`${name} ${number}`).digest("hex");
}
