// The view of a changed URL carries the title that follows it, however late and by any means, with the URL and the time
// of the change itself. Once with the browser's Navigation API, once with the tracker's fallback.
import assert from "node:assert/strict";
import { openHosted } from "../hosted.mjs";

const BROWSERS = {
  "navigation-api": undefined,
  "history-api": () => Object.defineProperty(window, "navigation", { value: undefined }),
};
const TOLERANCE_MS = 300; // the machine may be busy
const later = (script, ms) => `history.pushState(0, "", "/new"); setTimeout(() => { ${script} }, ${ms});`;
// What the page does -> the titles of the views that this adds.
const MOVES = {
  "in the same task": [`history.pushState(0, "", "/new"); document.title = "New";`, ["New"]],
  "a little later": [later(`document.title = "New";`, 100), ["New"]],
  "after a request": [later(`document.title = "New";`, 700), ["New"]],
  "by another element": [later(`document.querySelector("title").outerHTML = "<title>New</title>";`, 200), ["New"]],
  "by an element that is away for a while": [later(`document.querySelector("title").remove(); setTimeout(() => document.head.append(Object.assign(document.createElement("title"), { text: "New" })), 150);`, 50), ["New"]],
  "by its text": [later(`document.querySelector("title").firstChild.data = "New";`, 200), ["New"]],
  "by another head": [later(`document.head.innerHTML = "<title>New</title>";`, 200), ["New"]],
  "before the URL": [`document.title = "New"; history.pushState(0, "", "/new");`, ["New"]],
  "in two steps": [later(`document.title = "Loading"; setTimeout(() => { document.title = "New"; }, 20);`, 100), ["New"]],
  "not at all": [`history.pushState(0, "", "/new");`, ["Old"]],
  "of two views in a row": [`history.pushState(0, "", "/one"); setTimeout(() => { document.title = "One"; }, 20); setTimeout(() => { history.pushState(0, "", "/two"); document.title = "Two"; }, 40);`, ["One", "Two"]],
  "by a replaced URL": [`setTimeout(() => { history.replaceState(0, "", "/new"); setTimeout(() => { document.title = "New"; }, 100); }, 1100);`, ["New"]],
};

export const run = async ({ browser, site, report }) => {
  for (const [name, beforeScripts] of Object.entries(BROWSERS)) {
    const expected = [];
    for (const [way, [move, titles]] of Object.entries(MOVES)) {
      const hosted = await openHosted(browser, site, { beforeScripts, head: "<title>Old</title>" });
      const { page } = hosted;
      await page.goto(hosted.url());
      // The first title element is the one that counts.
      await page.evaluate(() => document.querySelectorAll("title").forEach((title, index) => index ? title.remove() : (title.text = "Old")));
      await hosted.answeredOf("page_view");
      const began = await page.evaluate(`const began = Date.now(); ${move}; began`);
      const views = (await hosted.answeredOf("page_view", 1 + titles.length)).slice(1);
      assert.deepEqual(views.map((view) => view.page_title), titles, `${name}, ${way}`);
      const ms = Date.parse(views[0].timestamp) - began;
      assert.ok(ms < (way === "by a replaced URL" ? 1_100 : 0) + TOLERANCE_MS, `${name}, ${way}: the time of the change, not of the title (${ms} ms)`);
      assert.ok(views.every(({ page_url }) => /\/(new|one|two)$/.test(page_url)), `${name}, ${way}`);
      hosted.assertNoErrors();
      expected.push(...(await hosted.answered()));
      await hosted.close();
    }
    report(name, { expected });
  }

  // The page is left before the title has changed.
  const hosted = await openHosted(browser, site);
  await hosted.page.goto(hosted.url());
  await hosted.answeredOf("page_view");
  await hosted.page.evaluate((next) => {
    history.pushState(0, "", "/left");
    setTimeout(() => { location.href = next; }, 50);
  }, hosted.url("/next"));
  await hosted.page.waitForURL(hosted.url("/next"));
  const views = await hosted.answeredOf("page_view", 3);
  assert.deepEqual(views.map(({ page_url }) => new URL(page_url).pathname), ["/", "/left", "/next"]);
  const answered = await hosted.answered();
  const left = answered.filter(({ event_type }) => event_type === "page_unload").map(({ page_url }) => new URL(page_url).pathname);
  assert.deepEqual(left, ["/", "/left"]);
  await hosted.close();
  report("left", { expected: answered });
};
