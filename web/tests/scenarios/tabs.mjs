// Two tabs of one site share a queue while the collector refuses events. One is closed; the other delivers for both, and
// then stops sending.
import assert from "node:assert/strict";
import { until } from "../until.mjs";
import { openVisit } from "../visit.mjs";

const ATTEMPTS_MAX = 2; // once by each tab at most: two may read the queue at the same moment

export const run = async ({ browser, site, report }) => {
  const endpoint = new URL("/analytics", site).href;
  const visit = await openVisit(browser, site, { outage: true });
  const { page, context } = visit;
  const refusal = { status: 503, headers: { "Retry-After": "1" }, json: { success: false } };
  await context.route(endpoint, (route) => route.fulfill(refusal));
  const second = await context.newPage();
  await page.goto(site);
  await second.goto(new URL("/page2.html", site).href);
  for (const tab of [page, second]) for (const button of await tab.$$("main button")) await button.click();
  const queued = () => page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("footfall:")).map((key) => key.slice(-36)));
  await second.close({ runBeforeUnload: true });
  await until(async () => second.isClosed(), 5_000, "the second tab did not close");
  const ids = await queued();
  assert.ok(ids.length >= 7, "two views, five clicks, and the closed tab's page_unload if Chromium runs it");

  visit.posts.length = 0;
  await context.unroute(endpoint);
  await visit.drained();
  const attempts = ids.map((id) => visit.posts.filter(({ events }) => events.some(({ event_id }) => event_id === id)).length);
  assert.ok(attempts.every((count) => count >= 1 && count <= ATTEMPTS_MAX), `attempts for each event: ${attempts}`);
  visit.assertNoErrors();
  report("delivered", { event_ids: ids });
};
