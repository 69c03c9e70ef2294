// After opting out, queued events are deleted and nothing is recorded on any page until the visitor opts in again.
import assert from "node:assert/strict";
import { until } from "../until.mjs";
import { openVisit } from "../visit.mjs";

export const run = async ({ browser, site, report }) => {
  const endpoint = new URL("/analytics", site).href;
  const visit = await openVisit(browser, site, { outage: true });
  const { page, context } = visit;
  await context.route(endpoint, (route) => route.fulfill({ status: 503, json: { success: false } }));
  const more = new URL("/more.html", site).href;
  await page.goto(more);
  await page.click("text=This is me");
  await page.click("[data-stars='4']");
  assert.ok((await visit.queueLength()) >= 3);
  await page.click("#opt-out");
  const stored = () => page.evaluate(() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)].filter((key) => key.startsWith("footfall")));
  assert.deepEqual(await stored(), ["footfall.out"]);
  assert.equal(await page.getAttribute("#opt-out", "aria-checked"), "false");

  await context.unroute(endpoint);
  visit.posts.length = 0;
  const recorded = (await visit.recorded()).length;
  await page.click("[data-stars='4']");
  await page.goto(site);
  await page.click("#btn-action-1");
  await page.evaluate(() => { window.footfall.track("custom", {}); window.footfall.identify("ada"); });
  await page.goto(more);
  assert.equal(await page.getAttribute("#opt-out", "aria-checked"), "false");
  assert.deepEqual(await stored(), ["footfall.out"]);
  assert.equal((await visit.recorded()).length, recorded);
  assert.deepEqual(visit.posts, []);

  await page.click("#opt-out");
  assert.equal(await page.getAttribute("#opt-out", "aria-checked"), "true");
  await page.click("[data-stars='2']");
  await until(async () => (await visit.answered()).length >= 2, 15_000, "opted in again: the view and the click");
  const answered = await visit.answered();
  assert.deepEqual(answered.map(({ event_type, user_id }) => [event_type, user_id]), [["page_view", undefined], ["rating", undefined]]);
  visit.assertNoErrors();
  report("in-again", { expected: answered });
};
