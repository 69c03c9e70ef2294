// A frame that a page wrote is no page: nothing is recorded in it, nothing is taken from the page's queue, and nothing is
// written to the console. What a page calls there exists all the same.
import assert from "node:assert/strict";
import { html, openHost } from "../host.mjs";
import { openVisit } from "../visit.mjs";

export const run = async ({ browser, site, report }) => {
  const expected = [];
  for (const name of ["/analytics.js", "/analytics.core.js"]) {
    const src = new URL(name, site).href;
    const inner = `<script src="${src}" data-site="inner"></script><button id="inner">x</button><a href="https://www.example.com/">y</a>
      <script>footfall.track("inner", { n: 1 }); footfall.optedOut(); document.getElementById("inner").click(); parent.postMessage("ran", "*");</script>`;
    const escaped = inner.replaceAll('"', "&quot;");
    const isFull = name === "/analytics.js"; // the core takes a frame with the page's own URL for a page
    const frames = `
      <iframe srcdoc="${escaped}"></iframe>
      <iframe srcdoc="${escaped}" sandbox="allow-scripts"></iframe>
      <iframe src="data:text/html,${encodeURIComponent(inner)}"></iframe>
      <iframe src="/sandboxed" sandbox="allow-scripts"></iframe>
      <iframe id="blank"></iframe><iframe id="blob"></iframe>
      <script>
        const inner = ${JSON.stringify(inner).replaceAll("</", "<\\/")};
        const blank = document.getElementById("blank").contentDocument;
        if (${isFull}) blank.open(), blank.write(inner), blank.close();
        document.getElementById("blob").src = URL.createObjectURL(new Blob([inner], { type: "text/html" }));
      </script>`;
    const host = await openHost({
      "/": html(`<script>let ran = 0; addEventListener("message", () => { ran++; });</script><script src="${src}" data-site="outer"></script>${frames}`),
      "/sandboxed": inner,
    });
    const visit = await openVisit(browser, site);
    const { page } = visit;
    // What waits for an answer in the page's queue stays there.
    await visit.context.route(new URL("/analytics", site).href, (route) => route.abort());
    visit.errors.length = 0;
    await page.goto(host.url());
    await page.waitForFunction(`ran === ${isFull ? 6 : 5}`);
    await page.evaluate(() => footfall.track("outer"));
    assert.deepEqual((await visit.recorded()).map(({ event_type, page_url, site }) => [event_type, site, page_url]), [["page_view", "outer", host.url()], ["outer", "outer", host.url()]]);
    assert.equal(await visit.queueLength(), 2);
    await visit.context.unroute(new URL("/analytics", site).href);
    // Otherwise the pause after the aborted attempts would have to be waited for.
    await page.evaluate(() => dispatchEvent(new Event("online")));
    await visit.answeredOf("outer");
    const answered = await visit.answered();
    assert.deepEqual(answered.map(({ event_type, site: told }) => [event_type, told]), [["page_view", "outer"], ["outer", "outer"]]);
    assert.ok(visit.posts.every(({ events }) => events.every((event) => event.site === "outer")));
    // Chromium's own lines about what was aborted may come late.
    const errors = visit.errors.filter((line) => !String(line).includes("net::ERR_FAILED"));
    visit.errors.splice(0, visit.errors.length, ...errors);
    visit.assertNoErrors();
    expected.push(...answered);
    host.close();
    await visit.context.close();
  }
  report("framed", { expected });
};
