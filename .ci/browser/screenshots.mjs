// The pictures of the dashboard: `run node screenshots.mjs HISTORY`, of the gzipped history of apache/incubator-devlake.
// In Inter and with few colours, where fonts-inter and pngquant are installed.

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { launch, signIn } from "./chromium.mjs";
import { History } from "./history.mjs";
import { organization, url } from "./periscope.mjs";

const folder = fileURLToPath(new URL("../../crates/dashboard/screenshots/", import.meta.url));
const repository = "apache/incubator-devlake";
const place = "http://periscope.example.org";

const devlake = await organization("devlake", "DevLake");
await new History(process.argv[2], { repository, last: "2023-05-02T12:00:00Z" }).send(devlake);
const telling = await deploymentOfMany();

const browser = await launch(
  `--host-resolver-rules=MAP periscope.example.org ${new URL(url).host}`,
  `--unsafely-treat-insecure-origin-as-secure=${place}`,
);
await picture(devlake, "overview", "/?timeRange=90d");
await picture(devlake, "deployment", `/deployments/${telling}`);
await picture(await organization("acme", "Acme"), "first-run", "/");
await browser.close();

/** A deployment of so many pull requests that it takes an explanation, and of which all is known. */
async function deploymentOfMany() {
  const { deployments } = await devlake.get(`/api/deployments?service=${repository}&status=success&limit=50`);
  const many = deployments.filter((of) => of.linkedPRs >= 8 && of.linkedPRs <= 80);
  for (const { id } of many.sort((one, other) => other.linkedPRs - one.linkedPRs)) {
    const { warnings } = await devlake.get(`/api/deployments/${id}/explain`);
    if (warnings.length === 0) return id;
  }
  return deployments[0].id;
}

async function picture(team, name, path) {
  const context = await browser.newContext({
    baseURL: place,
    viewport: { width: 1280, height: 800 },
    deviceScaleFactor: hasProgram("pngquant") ? 2 : 1,
    colorScheme: "light",
    reducedMotion: "reduce",
    bypassCSP: true,
  });
  const page = await context.newPage();
  await page.goto("/sign-in");
  await signIn(page, team.key);
  await page.waitForURL(`${place}/`);
  await page.goto(path);
  await page.addStyleTag({ content: "body { font-family: Inter, system-ui, sans-serif; }" });
  await page.evaluate(() => document.fonts.ready);
  await page.mouse.move(0, 0);
  const png = await page.screenshot();
  mkdirSync(folder, { recursive: true });
  const file = `${folder}${name}.png`;
  writeFileSync(file, fewColours(png));
  console.log(file);
  await context.close();
}

function fewColours(png) {
  if (!hasProgram("pngquant")) return png;
  return execFileSync("pngquant", ["--speed", "1", "--strip", "-"], { input: png, maxBuffer: 10_000_000 });
}

function hasProgram(name) {
  try {
    execFileSync(name, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
