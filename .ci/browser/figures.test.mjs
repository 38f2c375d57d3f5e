// A figure never differs between a page and the API.

import assert from "node:assert/strict";
import { test } from "node:test";
import { open, plain, texts, visit } from "./browser.mjs";
import { NOTHING, count, duration, number, percent } from "./format.mjs";
import { shop } from "./shop.mjs";

const team = await shop("figures");
const page = await open(team);
const query = "?timeRange=90d";
const metric = (name) => team.get(`/api/metrics/${name}${query}`);

/** The rows of the table under a heading, each its cells. */
async function rows(heading) {
  const title = page.getByRole("heading", { name: heading, exact: true });
  const table = page.locator("section", { has: title }).locator("table");
  const found = await table.locator("tbody tr").all();
  const cells = await Promise.all(found.map((row) => row.locator("th, td").allInnerTexts()));
  const head = await table.locator("thead th").allInnerTexts();
  for (const row of cells) assert.equal(row.length, head.length, `${heading}: a cell for each column`);
  return cells.map((row) => row.map(plain));
}

const change = (now, before, write) => {
  if (write(now) === write(before)) return "no change";
  const arrow = now > before ? "↑" : "↓";
  const share = Math.round(Math.abs(now / before - 1) * 100);
  return share <= 999 ? `${arrow} ${percent(share / 100)}` : `${arrow} from ${write(before)} to ${write(now)}`;
};

test("the overview has the figures of the API", async () => {
  await visit(page, `/${query}`);
  const { current, previous, coverage } = await metric("overview");
  const of = (figures) => [
    figures.deploymentFrequency.perDay,
    figures.leadTime.p50Seconds,
    figures.changeFailureRate.share,
    figures.mttr.p50Minutes * 60,
  ];
  const writes = [number, duration, percent, duration];
  const units = [" a day", " median", "", " median"];
  const expected = of(current).map((value, index) => writes[index](value) + units[index]);
  assert.deepEqual(await texts(page, ".tile .figure"), expected);
  const levels = ["deploymentFrequency", "leadTime", "changeFailureRate", "mttr"].map((name) => current[name].level);
  assert.deepEqual((await texts(page, ".tile .level")).map((level) => level.toLowerCase()), levels);
  if (previous.leadTime) {
    const changes = of(current).map((now, index) => change(now, of(previous)[index], writes[index]));
    const shown = await texts(page, ".tile .change");
    assert.deepEqual(shown.map((text) => text.replace(/ (better|worse)$/, "")), changes);
  }
  const beside = await texts(page, ".beside strong");
  assert.deepEqual(beside, [count(current.pullRequestsMerged), duration(current.prCycleTime.p50Hours * 3600)]);

  const rates = (await metric("change-failure-rate")).services;
  const times = (await metric("lead-time")).services;
  const ended = ({ statuses: of }) => of.success + of.failure + of.rolledBack;
  const services = rates.toSorted((one, other) => ended(other) - ended(one)).map((of) => [
    of.service,
    count(of.statuses.success),
    count(of.statuses.failure + of.statuses.rolledBack),
    percent(of.share) + (of.level ? "" : " too few"),
    duration(times.find((time) => time.service === of.service)?.p50Seconds),
  ]);
  assert.deepEqual(await rows("Services"), services);

  const { openOutages } = await metric("mttr");
  assert.deepEqual((await texts(page, ".alarm li strong")), openOutages.map((outage) => outage.service));
  const { signals } = await metric("risk-signals");
  assert.deepEqual(await texts(page, ".risks li p:first-child"), signals.map(({ description }) => plain(description)));
  const rests = (await texts(page, ".coverage p")).join(" ");
  for (const { linked, total } of [coverage.deployments, coverage.pullRequests]) {
    assert.ok(rests.includes(`${count(linked)} of ${count(total)} `), rests);
  }
});

test("the page of deployment frequency has the figures of the API", async () => {
  await visit(page, `/metrics/deployment-frequency${query}`);
  const { current, previous, environments, daily } = await metric("deployment-frequency");
  assert.equal((await texts(page, ".headline .figure"))[0], `${number(current.perDay)} a day`);
  const statuses = (of) => [of.success, of.failure, of.rolledBack, of.cancelled].map(count);
  const windows = [["Now", current], ["Before", previous]]
    .filter(([, of]) => of)
    .map(([name, of]) => [
      name,
      ...statuses(of.statuses),
      count(of.redeployments),
      number(of.perDay),
      number(of.perWeek),
    ]);
  assert.deepEqual(await rows("By how they ended"), windows);
  assert.deepEqual(
    await rows("Environments"),
    environments.map((of) => [of.environment, ...statuses(of)]),
  );
  const days = daily.filter((day) => day.success + day.failure + day.cancelled + day.rolledBack > 0);
  assert.ok(days.length > 30, "there is something to draw");
});

test("the page of lead time has the figures of the API", async () => {
  await visit(page, `/metrics/lead-time${query}`);
  const { current, slowest, services } = await metric("lead-time");
  assert.equal((await texts(page, ".headline .figure"))[0], `${duration(current.p50Seconds)} median`);
  assert.deepEqual(
    (await rows("Slowest pull requests")).map((row) => [row[0], row.at(-2), row.at(-1)]),
    slowest.map(({ pullRequest: { title, repository, number }, service, leadTimeSeconds }) => [
      `${title} ${repository}#${number}`,
      service,
      duration(leadTimeSeconds),
    ]),
  );
  const times = (of) => [of.p50Seconds, of.p75Seconds, of.p95Seconds].map(duration);
  assert.deepEqual(
    await rows("Services"),
    services.map((of) => [of.service, count(of.count), ...times(of), of.level ?? "too few"]),
  );
  const whole = [...times(current), ...[current.meanSeconds, current.minSeconds, current.maxSeconds].map(duration)];
  assert.deepEqual((await rows("Distribution"))[0], ["Now", count(current.count), ...whole]);
});

test("the page of the change failure rate has the figures of the API", async () => {
  await visit(page, `/metrics/change-failure-rate${query}`);
  const { current, services, weekly, recentFailures } = await metric("change-failure-rate");
  assert.equal((await texts(page, ".headline .figure"))[0], percent(current.share));
  const rate = (of) => [
    ...[of.statuses.success, of.statuses.failure, of.statuses.rolledBack].map(count),
    percent(of.share),
    percent(of.narrowShare),
    of.level ?? "too few",
  ];
  assert.deepEqual(await rows("Services"), services.map((of) => [of.service, ...rate(of)]));
  const weeks = weekly.filter((week) => week.changeFailureRate).reverse();
  assert.deepEqual(await rows("Weeks"), weeks.map((of) => [of.week, ...rate(of.changeFailureRate)]));
  assert.deepEqual(
    (await rows("Latest failures")).map((row) => [row[0], row[1], row[2].replace(" ", "_"), row[4]]),
    recentFailures.map((of) => [of.deploymentId, of.service, of.status, of.commitSha.slice(0, 7)]),
  );
});

test("the page of time to recovery has the figures of the API", async () => {
  await visit(page, `/metrics/mttr${query}`);
  const { current, incidents, openOutages } = await metric("mttr");
  assert.equal((await texts(page, ".headline .figure"))[0], `${duration(current.p50Minutes * 60)} median`);
  assert.deepEqual(
    (await rows("Outages that ended")).map((row) => [row[0], row[1], row[3], row[4]]),
    incidents.map((of) => [of.service, of.openedBy.deploymentId, of.endedBy.deploymentId, duration(of.durationSeconds)]),
  );
  assert.deepEqual(
    (await rows("Open outages")).map((row) => row.slice(0, 2)),
    openOutages.map((of) => [of.service, of.openedBy.deploymentId]),
  );
});

test("repositories and contributors have the figures of the API", async () => {
  await visit(page, `/repositories${query}`);
  const { repositories } = await metric("service-health");
  const hours = (value) => (value === null ? NOTHING : duration(value * 3600));
  assert.deepEqual(
    (await rows("Health")).map((row) => [row[0], row[1].split(" ")[0], row[2], row[4], row[5]]),
    repositories.map((of) => [
      of.repository,
      of.health,
      `${count(of.merged)} ${count(of.previouslyMerged)} before`,
      count(of.contributors),
      hours(of.meanCycleTimeHours),
    ]),
  );
  const { contributors } = await metric("contributors");
  assert.deepEqual(
    (await rows("Contributors")).map((row) => row.slice(0, 5)),
    contributors.map((of) => [
      of.author,
      `${count(of.merged)} ${count(of.previouslyMerged)} before`,
      percent(of.share),
      number(Math.round(of.meanLines)),
      hours(of.meanCycleTimeHours),
    ]),
  );
});
