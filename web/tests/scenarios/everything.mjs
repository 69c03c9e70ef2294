// Everything that more.html, the shop and the missing page offer to try.
import assert from "node:assert/strict";
import { openVisit } from "../visit.mjs";

const ELSEWHERE = "https://www.example.com/";
const WRITTEN = "a private question";

export const run = async ({ browser, site, report }) => {
  const visit = await openVisit(browser, site);
  const { page } = visit;
  const more = new URL("/more.html", site).href;
  await page.route(`${ELSEWHERE}**`, (route) => route.fulfill({ contentType: "text/html", body: '<link rel="icon" href="data:,">' }));
  const kinds = ["page_view", "engagement", "web_vitals", "page_unload", "button_click", "navigation_click"];
  const told = [];
  const tell = async () => {
    await visit.drained();
    const known = new Set(told.map((event) => event.event_id));
    const fresh = (await visit.answered()).filter((event) => !known.has(event.event_id));
    told.push(...fresh);
    return fresh.filter((event) => !kinds.includes(event.event_type)).map(({ event_type, metadata, user_id }) => [event_type, metadata, user_id]);
  };

  await page.goto(more);
  await page.click("text=Team");
  await page.click("[data-stars='4']");
  assert.deepEqual(await tell(), [["plan_chosen", { plan: "team" }, undefined], ["rating", { stars: 4 }, undefined]]);

  await page.click("text=This is me");
  await page.goto(site);
  await page.click("#btn-action-1");
  await page.goto(more);
  await page.click("text=Forget me");
  await page.click("[data-stars='1']");
  assert.deepEqual(await tell(), [["identified", { known: true }, "ada"], ["identified", { known: false }, undefined], ["rating", { stars: 1 }, undefined]]);
  const click = told.find((event) => event.event_type === "button_click");
  assert.equal(click.user_id, "ada", "on every page");

  const download = page.waitForEvent("download");
  await page.click("text=A file");
  await download;
  await page.fill("#contact input", WRITTEN);
  await page.click("#contact button");
  assert.deepEqual(await tell(), [["file_download", { url: new URL("/example.csv", site).href }, undefined], ["form_submit", { form: "contact" }, undefined]]);
  assert.ok(!visit.posts.some(({ request }) => request.postData()?.includes(WRITTEN)));

  await page.click("text=To another site");
  await page.waitForURL(ELSEWHERE);
  const missing = new URL("/nothing-here", site).href;
  await page.goto(more);
  const answer = page.waitForResponse(missing);
  await page.click("text=A page that is not there");
  assert.equal((await answer).status(), 404);
  await page.waitForURL(missing);
  assert.deepEqual(await tell(), [["outbound_click", { url: ELSEWHERE, link_text: "To another site" }, undefined], ["page_not_found", {}, undefined]]);
  const lost = told.find((event) => event.event_type === "page_not_found");
  assert.deepEqual([lost.page_url, lost.referrer], [missing, more]);

  await page.goto(new URL("/shop/", site).href);
  await page.click("text=A teapot");
  await page.click("text=To the basket");
  await page.click("#order");
  await page.goBack();
  await page.waitForFunction(() => document.title === "Footfall: your basket");
  assert.deepEqual(await tell(), [["basket_add", { item: "teapot" }, undefined], ["order", { items: 1, total: 19 }, undefined]]);
  const views = told.filter((event) => event.event_type === "page_view").map(({ page_url, page_title }) => `${new URL(page_url).pathname} ${page_title}`);
  assert.deepEqual(views.slice(-4), ["/shop/ Footfall: goods", "/shop/basket Footfall: your basket", "/shop/done Footfall: thank you", "/shop/basket Footfall: your basket"]);
  for (const event of told) assert.deepEqual([event.language, event.screen_width], ["en-US", 1280]);
  // Chromium itself logs a 404.
  assert.deepEqual(visit.errors.filter((error) => !error.includes(missing)), []);
  report("tried", { expected: told });
};
