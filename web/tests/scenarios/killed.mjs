// A tab that crashes with unsent events, and a time without network: the next page sends them, or the network's return.
import assert from "node:assert/strict";
import { until } from "../until.mjs";
import { openVisit } from "../visit.mjs";

const ONLINE_MS_MAX = 5_000; // well before a timed retry, which is made to wait a minute

export const run = async ({ browser, site, report }) => {
  const endpoint = new URL("/analytics", site).href;
  const visit = await openVisit(browser, site, { outage: true });
  const { context } = visit;
  const refusal = { status: 503, headers: { "Retry-After": "60" }, json: { success: false } };
  let refuses = true;
  await context.route(endpoint, (route) => (refuses ? route.fulfill(refusal) : route.continue()));
  const doomed = await context.newPage();
  await doomed.goto(site);
  for (const button of await doomed.$$("main button")) await button.click();
  const queued = (page) => page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("footfall:")).map((key) => key.slice(-36)));
  const ids = await queued(doomed);
  assert.equal(ids.length, 4, "the view and three clicks");
  const crashed = doomed.waitForEvent("crash");
  const devtools = await context.newCDPSession(doomed);
  devtools.send("Page.crash").catch(() => {}); // a crashed page does not answer
  await crashed;
  await doomed.close(); // a context with a crashed page in it is unusable
  refuses = false;

  const { page } = visit;
  await page.goto(new URL("/page2.html", site).href);
  await visit.drained();
  const answered = (await visit.answered()).map((event) => event.event_id);
  assert.deepEqual(ids.filter((id) => !answered.includes(id)), [], "the next page sends what the crashed one kept");

  await context.setOffline(true);
  await page.click("#btn-action-4");
  await page.click("#btn-action-5");
  await until(async () => (await visit.trail()).filter(({ what, status }) => what === "queued" && !status).length > 3, ONLINE_MS_MAX, "nothing was tried");
  assert.equal(await visit.queueLength(), 2);
  await context.setOffline(false);
  await until(async () => (await visit.queueLength()) === 0, ONLINE_MS_MAX, "they were not sent when the network returned");
  visit.assertNoErrors();
  report("delivered", { expected: await visit.answered() });
};
