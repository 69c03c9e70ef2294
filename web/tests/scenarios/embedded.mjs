// The tracker on a page of another origin: the posts need no preflight, the answers are readable, no cookie is sent.
import assert from "node:assert/strict";
import { html, openHost } from "../host.mjs";
import { until } from "../until.mjs";
import { openVisit } from "../visit.mjs";

export const run = async ({ browser, site, report }) => {
  const visit = await openVisit(browser, site);
  const { page } = visit;
  const host = await openHost({
    "/": html(`<script src="${new URL("/analytics.js", site).href}" data-site="shop" defer></script>
      <nav><a href="#more" data-track="promo">More  of
      it</a></nav><footer><span data-track="plain">x</span></footer>`),
  });
  await page.goto(host.url());
  await page.click("a");
  await page.click("span");
  const sent = async () => (await visit.trail()).filter(({ what }) => what === "sent");
  await until(async () => (await sent()).length === 4, 15_000, "four events were not answered");

  const pick = ({ status, event: { event_type, button_id, metadata, site: name } }) => [status, name, event_type, button_id ?? metadata.link_text, metadata.page_section];
  assert.deepEqual((await sent()).slice(1).map(pick), [
    [200, "shop", "button_click", "promo", "nav"],
    [200, "shop", "navigation_click", "More of it", undefined],
    [200, "shop", "button_click", "plain", "footer"],
  ]);
  for (const { request } of visit.posts) {
    assert.equal(request.method(), "POST", "no preflight");
    assert.equal((await request.allHeaders()).cookie, undefined);
  }
  visit.assertNoErrors();
  host.close();
  report("answered", { event_ids: (await sent()).map(({ eventId }) => eventId) });
};
