// Engagement and vitals of a page that is scrolled, hidden behind another tab, shown again, and left.
import assert from "node:assert/strict";
import { openPlainBrowser } from "../browser.mjs";
import { until } from "../until.mjs";
import { openVisit } from "../visit.mjs";

const SEEN_MS = 600;
const HIDDEN_MS = 3_000;
const SLOW_MS_MAX = 2_000; // the machine may be busy

export const run = async ({ site, report }) => {
  const { context, close } = await openPlainBrowser();
  const visit = await openVisit(undefined, site, { context });
  const { page } = visit;
  await page.goto(new URL("/more.html", site).href);
  await visit.answeredOf("page_view");
  await page.click("[data-stars='5']");
  await page.evaluate(() => scrollTo({ top: document.documentElement.scrollHeight / 4, behavior: "instant" }));
  await page.waitForTimeout(SEEN_MS);
  const other = await context.newPage();
  const visibility = (state) => until(async () => (await page.evaluate(() => document.visibilityState)) === state, 5_000, state);
  const hide = async (ms) => {
    await other.bringToFront();
    await visibility("hidden");
    await page.waitForTimeout(ms);
    await page.bringToFront();
    await visibility("visible");
  };
  await hide(HIDDEN_MS);
  await visit.answeredOf("engagement");
  await page.evaluate(() => scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" }));
  await page.waitForTimeout(SEEN_MS);
  await hide(0);
  const [first, second] = (await visit.answeredOf("engagement", 2)).map((event) => event.metadata);
  assert.ok(first.scroll_percent > 25 && first.scroll_percent < 90, JSON.stringify(first));
  assert.equal(second.scroll_percent, 100);
  assert.ok(first.engaged_ms >= SEEN_MS && first.engaged_ms < SEEN_MS + SLOW_MS_MAX, JSON.stringify(first));
  assert.ok(second.engaged_ms >= SEEN_MS && second.engaged_ms < HIDDEN_MS, `not the hidden time: ${JSON.stringify(second)}`);

  const [{ metadata }] = await visit.answeredOf("web_vitals");
  await visit.answeredOf("page_unload");
  const { ttfb_ms, fcp_ms, lcp_ms, inp_ms, cls, ...others } = metadata;
  assert.deepEqual(others, {});
  assert.ok([ttfb_ms, fcp_ms, lcp_ms, inp_ms].every(Number.isInteger), JSON.stringify(metadata));
  assert.ok(ttfb_ms >= 0 && ttfb_ms <= fcp_ms && fcp_ms <= lcp_ms && lcp_ms < 10_000, JSON.stringify(metadata));
  assert.ok(inp_ms > 0 && inp_ms < SLOW_MS_MAX && cls >= 0 && cls < 0.25, JSON.stringify(metadata));
  visit.assertNoErrors();
  report("read", { vitals: metadata, engagement: [first, second], expected: await visit.answered() });
  await close();
};
