// A router that normalizes the URL with replaceState begins no second view; a redirect to another page does.
import assert from "node:assert/strict";
import { openHosted } from "../hosted.mjs";

const BROWSERS = { "navigation-api": undefined, "history-api": () => Object.defineProperty(window, "navigation", { value: undefined }) };
const START_MS = 1_500; // longer than the tracker's START_MS_MAX
const AT_ONCE = 4;
const AHEAD_MS = 10_000; // a clock can be stopped in its future only
const after = (url, ms) => `setTimeout(() => history.replaceState(0, "", ${JSON.stringify(url)}), ${ms})`;
const atOnce = (url) => after(url, 0);
// The URL that is opened, what the page's own script does once the tracker has started, and the views that it adds.
const PAGES = [
  ["/app", atOnce("/app"), []],
  ["/app", atOnce("/app/"), []],
  ["/app/", atOnce("/app"), []],
  ["/app", after("/app/", 100), []],
  ["/app", after("/app/", START_MS), [], "a slash, whenever it is added"],
  ["/App", after("/app", START_MS), [], "another case"],
  ["/app/index.html", after("/app/", START_MS), []],
  ["/app?b=1&a=2", after("/app?a=2&b=1", START_MS), []],
  ["/app?token=1", after("/app", START_MS), []],
  ["/app#access_token=1", after("/app", START_MS), []],
  ["/", after("/en", 200), [], "the router's first page"],
  ["/", after("/en", START_MS), ["/en"], "a redirect"],
  ["/", `setTimeout(() => { history.pushState(0, "", "/a"); setTimeout(() => history.replaceState(0, "", "/b"), 60); }, 50)`, ["/a", "/b"]],
  ["/", `setTimeout(() => { history.pushState(0, "", "/passing"); history.replaceState(0, "", "/b"); }, 50)`, ["/b"], "in one task"],
];
// With data-hash, where the part after # is the page.
const HASH_PAGES = [
  ["/", atOnce("/#/"), []],
  ["/", after("/#/", START_MS), []],
  ["/#/a", after("/#/a/", START_MS), []],
  ["/#access_token=1", after("/", START_MS), []],
  ["/#/a", after("/#/b", START_MS), ["/#/b"]],
  ["/", `setTimeout(() => { location.hash = "/b"; }, 50)`, ["/#/b"]],
];

export const run = async ({ browser, site, report }) => {
  for (const [name, beforeScripts] of Object.entries(BROWSERS)) {
    const expected = [];
    for (const [attributes, pages] of [["", PAGES], ["data-hash", HASH_PAGES]]) {
      const visit = async ([path, script, added, why = ""]) => {
        const hosted = await openHosted(browser, site, { beforeScripts, attributes, body: '<a href="#part">part</a><script src="/app.js"></script>', files: { "/app.js": `addEventListener("footfall:queued", () => { ${script} }, { once: true });` } });
        const { page } = hosted;
        // The page's clock stands still but for this: a busy machine is late, and all depends on which timer is first.
        await page.clock.install();
        await page.clock.pauseAt(Date.now() + AHEAD_MS);
        await page.goto(hosted.url(path));
        await page.clock.runFor(START_MS + 300); // what must not happen has had its time
        await page.clock.resume();
        const all = (await hosted.answeredOf("page_view", 1 + added.length)).map(({ page_url }) => page_url.slice(hosted.url("").length));
        assert.deepEqual(all, [path, ...added], `${name}, ${attributes} ${script} ${why}`);
        if (!attributes) {
          await page.click("a");
          await hosted.answeredOf("navigation_click");
          await page.evaluate(() => history.pushState(0, "", "/end"));
          await hosted.answeredOf("page_view", 2 + added.length); // the fragment is none
        }
        hosted.assertNoErrors();
        expected.push(...(await hosted.answered()));
        await hosted.close();
      };
      for (let first = 0; first < pages.length; first += AT_ONCE) await Promise.all(pages.slice(first, first + AT_ONCE).map(visit));
    }
    report(name, { expected });
  }
};
