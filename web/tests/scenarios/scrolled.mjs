// How far a page was scrolled belongs to that page, also if an application replaces it, before or after its URL.
import assert from "node:assert/strict";
import { openHosted } from "../hosted.mjs";

const VIEWPORT = { width: 1000, height: 1000 };
const APP = `
  window.show = (px) => { document.getElementById("app").style.height = px + "px"; };
  show(10000);`;
// What the page does -> what it says of the page that was left, scrolled to the middle of 10,000 px.
const MOVES = {
  "the URL first, to a short page": `history.pushState(0, "", "/b"); show(1000);`,
  "the URL first, to a short page later": `history.pushState(0, "", "/b"); setTimeout(() => show(1000), 100);`,
  "the page first, to a short one": `show(1000); history.pushState(0, "", "/b");`,
  "the page first, to a longer one": `show(50000); history.pushState(0, "", "/b");`,
  "the page first, by a click": `document.getElementById("go").onclick = () => { show(50000); history.pushState(0, "", "/b"); }; document.getElementById("go").click();`,
};

export const run = async ({ browser, site, report }) => {
  const body = `<style>body { margin: 0 } #go { position: fixed }</style><div id="app"></div><button id="go">x</button><script src="/app.js"></script>`;
  for (const beforeScripts of [undefined, () => Object.defineProperty(window, "navigation", { value: undefined })]) {
    const expected = [];
    for (const [way, move] of Object.entries(MOVES)) {
      const hosted = await openHosted(browser, site, { beforeScripts, body, files: { "/app.js": APP } });
      const { page } = hosted;
      await page.setViewportSize(VIEWPORT);
      await page.goto(hosted.url());
      await hosted.answeredOf("page_view");
      await page.evaluate(() => new Promise((done) => { addEventListener("scroll", () => setTimeout(done), { once: true }); scrollTo(0, 4000); }));
      await page.evaluate(move);
      await hosted.answeredOf("page_view", 2);
      await page.evaluate(() => { show(10000); scrollTo(0, 0); history.pushState(0, "", "/c"); });
      await hosted.answeredOf("page_view", 3);
      await page.goto(hosted.url("/end"));
      const read = await hosted.answeredOf("engagement", 3);
      const told = read.map(({ page_url, metadata }) => [new URL(page_url).pathname, metadata.scroll_percent]);
      assert.deepEqual(told[0], ["/", 50], way);
      assert.equal(told[1][0], "/b", way);
      assert.deepEqual(told[2], ["/c", 10], `${way}: the last view was not scrolled`);
      for (const type of ["web_vitals", "page_unload"]) {
        const urls = (await hosted.answeredOf(type, 3)).map(({ page_url }) => new URL(page_url).pathname);
        assert.deepEqual(urls, ["/", "/b", "/c"], `${way}: ${type}`);
      }
      hosted.assertNoErrors();
      expected.push(...(await hosted.answered()));
      await hosted.close();
    }
    report("read", { expected });
  }
};
