// A page that is opened in a background tab is viewed when it is first seen, and only what was seen counts as time on it.
import assert from "node:assert/strict";
import { openPlainBrowser } from "../browser.mjs";
import { openHosted } from "../hosted.mjs";
import { until } from "../until.mjs";

const HIDDEN_MS = 2_000;
const SEEN_MS = 500;
const LAZY = `history.replaceState(0, "", "/ready"); footfall.track("called"); document.getElementById("b").click();`;

export const run = async ({ site, report }) => {
  const { context, close } = await openPlainBrowser();
  const hosted = await openHosted(undefined, site, { context, body: '<button id="b">x</button><p style="height: 3000px">long</p>' });
  const { page: front } = hosted;
  await front.goto(hosted.url("/front"));
  await hosted.answeredOf("page_view");
  const open = async (path) => {
    const opened = context.waitForEvent("page");
    // As a click with the middle button does.
    const devtools = await context.browser().newBrowserCDPSession();
    await devtools.send("Target.createTarget", { url: hosted.url(path), background: true });
    const page = await opened;
    await page.waitForFunction(() => window.footfall?.track);
    assert.equal(await page.evaluate(() => document.visibilityState), "hidden");
    return page;
  };
  const events = () => hosted.posts.flatMap((post) => post.events);
  const of = (path) => events().filter(({ page_url }) => new URL(page_url).pathname === path);
  const seen = (page) => until(async () => (await page.evaluate(() => document.visibilityState)) === "visible", 5_000, "the page was not shown");

  // Two are opened, one is never seen.
  const unseen = await open("/unseen");
  const page = await open("/lazy");
  await page.evaluate(LAZY);
  await page.waitForTimeout(HIDDEN_MS);
  assert.deepEqual(events().filter(({ event_type, page_url }) => event_type === "page_view" && !page_url.endsWith("/front")), []);
  // How long each can have been seen at most, on a machine of any speed.
  const seenMax = { "/ready": -Date.now(), "/last": 0 };
  await page.bringToFront();
  await seen(page);
  await until(() => of("/ready").some(({ event_type }) => event_type === "page_view"), 5_000, "no view when the page was shown");
  await page.waitForTimeout(SEEN_MS);

  // In the background, its URL changes twice, and the first is never seen.
  await front.bringToFront();
  await page.waitForFunction(() => document.hidden);
  seenMax["/ready"] += Date.now();
  await page.evaluate(() => {
    history.pushState(0, "", "/passed");
    setTimeout(() => { history.pushState(0, "", "/last"); document.title = "Last"; }, 100);
  });
  await page.waitForTimeout(HIDDEN_MS);
  assert.deepEqual([...of("/passed"), ...of("/last")], []);
  seenMax["/last"] -= Date.now();
  await page.bringToFront();
  await seen(page);
  await until(() => of("/last").some(({ event_type }) => event_type === "page_view"), 5_000, "no view of the last URL");
  await page.waitForTimeout(SEEN_MS);
  await page.goto(hosted.url("/next"));
  await until(() => of("/next").some(({ event_type }) => event_type === "page_view"), 5_000, "no view of the next page");
  seenMax["/last"] += Date.now();
  await unseen.close({ runBeforeUnload: true });

  const once = new Map(events().map((event) => [event.event_id, event]));
  const all = [...once.values()].sort((a, b) => a.timestamp.localeCompare(b.timestamp)).map((event) => ({ ...event, path: new URL(event.page_url).pathname }));
  assert.deepEqual(all.filter(({ event_type }) => event_type === "page_view").map(({ path }) => path).sort(), ["/front", "/last", "/next", "/ready"]);
  assert.deepEqual(all.filter(({ path }) => path === "/unseen"), [], "a tab that was never seen says nothing");
  const ready = all.filter(({ path }) => path === "/ready").map(({ event_type }) => event_type);
  assert.deepEqual(ready, ["called", "button_click", "page_view", "engagement", "web_vitals", "page_unload"]);
  for (const path of ["/ready", "/last"]) {
    const { metadata } = all.find((event) => event.path === path && event.event_type === "page_unload");
    assert.ok(metadata.time_on_page >= SEEN_MS && metadata.time_on_page <= seenMax[path], `${path}: ${metadata.time_on_page} ms of ${seenMax[path]}`);
    const { metadata: read } = all.find((event) => event.path === path && event.event_type === "engagement");
    assert.ok(read.engaged_ms >= SEEN_MS && read.engaged_ms <= seenMax[path], `${path}: ${read.engaged_ms} ms of ${seenMax[path]}`);
  }
  const last = all.find(({ event_type, path }) => event_type === "page_view" && path === "/last");
  assert.deepEqual([last.page_title, last.referrer], ["Last", hosted.url("/ready")]);
  const vitals = all.find(({ event_type, path }) => event_type === "web_vitals" && path === "/ready");
  assert.equal(vitals.metadata.fcp_ms, undefined, "a paint that was waited for in the background says nothing");
  hosted.assertNoErrors();
  report("seen", { expected: await hosted.answered() });
  await close();
};
