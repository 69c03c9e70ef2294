// node drive.mjs <scenario> <site-url> [directory]
//
// Drives the demo site in real Chromium. Each step is one line of JSON on stdout; where the caller must do something
// first (stop ingest, start it again), the driver waits for a line on stdin. Exit code 0: success. 1: failure, and the
// last line is {"step":"failed","message":...}. 64: wrong arguments.
import { readdirSync } from "node:fs";
import { openBrowser } from "./browser.mjs";

const SCENARIOS = readdirSync(new URL("scenarios", import.meta.url)).map((file) => file.replace(".mjs", ""));
const RUN_MS_MAX = 600_000;

const [name, site, directory] = process.argv.slice(2);
if (!SCENARIOS.includes(name) || !URL.canParse(site ?? "") || (name.endsWith("screenshots") && !directory)) {
  console.error(`usage: node drive.mjs ${SCENARIOS.join("|")} <site-url> [directory, for screenshots]`);
  process.exit(64);
}

const report = (step, facts = {}) => process.stdout.write(`${JSON.stringify({ step, ...facts })}\n`);
let browser;
const finish = async (code) => {
  await browser?.close().catch(() => {});
  process.exit(code);
};
const fail = (error) => {
  report("failed", { message: error.stack ?? String(error) });
  return finish(1);
};
setTimeout(() => fail(new Error(`not done after ${RUN_MS_MAX} ms`)), RUN_MS_MAX).unref();
process.on("SIGTERM", () => finish(1));

try {
  browser = await openBrowser();
  const { run } = await import(`./scenarios/${name}.mjs`);
  await run({ browser, site: new URL(site).href, directory, report });
  report("done");
  await finish(0);
} catch (error) {
  await fail(error);
}
