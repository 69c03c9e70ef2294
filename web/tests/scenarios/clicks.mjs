// A whole visit: load, click each button, follow the link, click there, leave. What the driver did, in terms of the
// table's columns, is compared with what the tracker recorded, and printed so that the caller can look it up in the database.
import assert from "node:assert/strict";
import { openVisit } from "../visit.mjs";

const BEACON_MS = 1_000;

export const run = async ({ browser, site, report }) => {
  const visit = await openVisit(browser, site);
  const { page } = visit;
  const expected = [];
  const expect = (event_type, metadata, button_id) =>
    expected.push({ event_type, page_url: page.url(), button_id, metadata });
  const screen = await page.evaluate(() => ({ screen_width: screen.width, screen_height: screen.height }));

  const expectTheEnd = () => ["engagement", "web_vitals", "page_unload"].forEach((event_type) => expect(event_type, {}));

  const clickAllButtons = async () => {
    for (const { id, section } of await visit.buttons()) {
      await page.click(`#${id}`);
      expect("button_click", { page_section: section }, id);
    }
  };

  await page.goto(site);
  expect("page_view", { referrer: "", ...screen });
  await clickAllButtons();
  await visit.allKept();
  report("first-page", { buttons: (await visit.buttons()).length });

  const link = page.locator("a.go");
  const destination = await link.evaluate((a) => a.href);
  expect("navigation_click", { destination, link_text: (await link.textContent()).trim() });
  expectTheEnd();
  await link.click();
  await page.waitForURL(destination);
  expect("page_view", { referrer: site, ...screen });
  await clickAllButtons();
  await visit.allKept();
  await visit.drained();
  const shown = await page.$$eval("#log-entries .type", (rows) => rows.map((row) => row.textContent).reverse());
  report("second-page", { buttons: (await visit.buttons()).length, log_rows: shown.length });
  assert.deepEqual(shown, expected.map((event) => event.event_type), "the visible log shows both pages, in order");

  expectTheEnd();
  await page.goto("about:blank");
  await page.waitForTimeout(BEACON_MS); // Chromium does not report what becomes of a closed page's beacon
  const sameOrigin = new URL("/driver", site).href; // a page without the tracker, where the trail can be read
  await page.route(sameOrigin, (route) => route.fulfill({ contentType: "text/html", body: '<link rel="icon" href="data:,">' }));
  await page.goto(sameOrigin);
  const recorded = await visit.recorded();

  const pick = ({ event_type, page_url, button_id, metadata: { time_on_page, scroll_percent, engaged_ms, ttfb_ms, fcp_ms, lcp_ms, inp_ms, cls, ...metadata } }) => ({ event_type, page_url, button_id, metadata });
  assert.deepEqual(recorded.map(pick), expected, "the tracker records what was done, in order");
  for (const event of recorded) {
    assert.match(event.event_id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.match(event.session_id, /^session-[0-9]+-[0-9a-z]{6}$/);
    if (event.event_type === "page_unload") assert.ok(Number.isInteger(event.metadata.time_on_page) && event.metadata.time_on_page >= 0);
  }
  assert.equal(new Set(recorded.map((event) => event.session_id)).size, 1, "one browser session has one session_id");
  assert.equal(new Set(recorded.map((event) => event.event_id)).size, recorded.length, "each event has its own id");
  for (const { request, events } of visit.posts) {
    const headers = await request.allHeaders().catch(() => request.headers());
    if (headers["content-type"]) assert.match(headers["content-type"], /^text\/plain/);
    assert.ok(events.every((event) => !Number.isNaN(Date.parse(event.sent_at))), "each attempt carries its sent_at");
  }
  visit.assertNoErrors();
  report("expected", {
    session_id: recorded[0].session_id,
    events: recorded.map(({ event_id, timestamp, metadata, ...event }) => ({ ...pick({ ...event, metadata }), event_id, timestamp, metadata })),
  });
};
