// Going back to a page in the back-forward cache is a new view, with its own vitals.
import assert from "node:assert/strict";
import { openVisit } from "../visit.mjs";

export const run = async ({ browser, site, report }) => {
  const visit = await openVisit(browser, site);
  const { page } = visit;
  await page.goto(site);
  await visit.answeredOf("page_view");
  const isSame = Math.random();
  await page.evaluate((value) => (window.isSame = value), isSame);
  await page.click("a.go");
  await page.waitForURL(/page2/);
  await visit.answeredOf("page_view", 2);
  await page.evaluate(() => history.back()); // Playwright's goBack waits for a load, which does not happen
  await page.waitForFunction((value) => window.isSame === value, isSame); // otherwise it was reloaded
  const [first, , restored] = await visit.answeredOf("page_view", 3);
  assert.equal(restored.page_url, first.page_url);
  // The log on the page also shows the other page's events.
  await page.waitForFunction(() => [...document.querySelectorAll("#log-entries .gist")].some((gist) => gist.textContent === "/page2.html"));
  await page.goto(new URL("/page2.html", site).href);
  await visit.drained();

  const answered = await visit.answered();
  const vitals = answered.filter((event) => event.event_type === "web_vitals" && event.page_url === first.page_url);
  assert.equal(vitals.length, 2);
  const [loaded, again] = vitals.map((event) => event.metadata);
  assert.ok(loaded.ttfb_ms >= 0 && loaded.fcp_ms > 0, JSON.stringify(loaded));
  assert.equal(again.ttfb_ms, 0, "nothing was fetched");
  assert.ok(again.fcp_ms >= 0 && again.fcp_ms === again.lcp_ms && again.fcp_ms < 2_000, JSON.stringify(again));
  visit.assertNoErrors();
  report("restored", { expected: answered });
};
