// A single-page application under a strict Content-Security-Policy: a view for each URL, however it changed, and no
// violation of the policy. Once with the browser's Navigation API, once with the tracker's fallback.
import assert from "node:assert/strict";
import { html, openHost } from "../host.mjs";
import { openVisit } from "../visit.mjs";

const BROWSERS = {
  "navigation-api": undefined,
  "history-api": () => Object.defineProperty(window, "navigation", { value: undefined }),
};
const APP = `
  addEventListener("securitypolicyviolation", (event) => console.error(event.violatedDirective, event.blockedURI));
  window.go = (path, how = "pushState") => {
    history[how]({ n: 1 }, "", path);
    document.title = "At " + path; // after the URL, as frameworks do
  };`;

export const run = async ({ browser, site, report }) => {
  const origin = new URL(site).origin;
  const policy = `default-src 'none'; script-src 'self' ${origin}; connect-src ${origin}; img-src data:; style-src 'none'; require-trusted-types-for 'script'`;
  for (const [name, beforeScripts] of Object.entries(BROWSERS)) {
    for (const hash of [false, true]) {
      const visit = await openVisit(browser, site, { beforeScripts });
      const { page } = visit;
      const script = `<script src="${origin}/analytics.js" data-site="spa" ${hash ? "data-hash" : ""} defer></script>`;
      const host = await openHost({ "/": html(`<script src="/app.js"></script>${script}<a href="#part">x</a>`), "/app.js": APP }, { "Content-Security-Policy": policy });
      let views = 0;
      const goes = async (move, by = 1) => {
        await move();
        views += by;
        await visit.answeredOf("page_view", views);
      };
      await goes(() => page.goto(host.url("/")));
      // The document's paint is reported with its first view, so wait for it: observers are called in order.
      await page.evaluate(() => new Promise((painted) => {
        const told = (list) => list.getEntriesByName("first-contentful-paint").length && painted();
        new PerformanceObserver(told).observe({ type: "paint", buffered: true });
      }));
      await goes(() => page.evaluate(() => window.go("/a")));
      await goes(() => page.evaluate(() => window.go("/a", "replaceState")), 0);
      await goes(() => page.evaluate(() => window.go("/a?typed=1", "replaceState")), 0);
      await goes(() => page.evaluate(() => window.go("/a?x=1")));
      await goes(() => page.evaluate(() => { window.go("/passing"); window.go("/b", "replaceState"); }));
      await goes(() => page.goBack());
      await goes(() => page.click("a"), hash ? 1 : 0);
      await goes(() => page.evaluate(() => window.go("/end")));

      const answered = await visit.answered();
      const of = (type) => answered.filter((event) => event.event_type === type);
      const path = ({ page_url }) => page_url.slice(host.url("").length);
      const fragment = hash ? ["/a?x=1#part"] : [];
      assert.deepEqual(of("page_view").map(path), ["/", "/a", "/a?x=1", "/b", "/a?x=1", ...fragment, "/end"], `${name}, hash ${hash}`);
      assert.deepEqual(of("page_view").slice(1, 4).map((event) => event.page_title), ["At /a", "At /a?x=1", "At /b"]);
      assert.deepEqual(of("page_view").slice(0, 3).map((event) => event.referrer), ["", host.url("/"), host.url("/a")]);
      assert.deepEqual(of("page_view").map((event) => event.metadata.referrer), of("page_view").map((event) => event.referrer));
      for (const type of ["page_unload", "engagement", "web_vitals"])
        assert.deepEqual(of(type).map(path), of("page_view").slice(0, -1).map(path), `${type} says which view it was`);
      const [document, ...others] = of("web_vitals");
      assert.ok(document.metadata.fcp_ms >= 0 && others.every(({ metadata }) => metadata.fcp_ms === undefined), "only the document's first view has a paint");
      visit.assertNoErrors();
      report("views", { expected: answered });
      host.close();
      await visit.context.close();
    }
  }
};
