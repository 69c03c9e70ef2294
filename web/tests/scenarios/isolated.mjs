// A page with Cross-Origin-Embedder-Policy: require-corp includes the script with an integrity attribute, and the pixel.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { openHost } from "../host.mjs";
import { openVisit } from "../visit.mjs";

const HEADERS = { "Cross-Origin-Embedder-Policy": "require-corp", "Cross-Origin-Opener-Policy": "same-origin" };
const dist = new URL("../../tracker/dist/", import.meta.url);

export const run = async ({ browser, site, report }) => {
  const names = readdirSync(dist).filter((name) => name.endsWith(".js"));
  const expected = [];
  for (const name of names)
    for (const encoding of ["br", "gzip", undefined]) {
      const integrity = `sha384-${createHash("sha384").update(readFileSync(new URL(name, dist))).digest("base64")}`;
      const src = new URL(`/${name}`, site).href;
      const pixel = new URL("/pixel.gif", site).href;
      const page = `<!doctype html><title>Isolated</title><link rel="icon" href="data:,">
        <script src="${src}" integrity="${integrity}" crossorigin data-site="isolated"></script>
        <img src="${pixel}?s=isolated&u=https%3A%2F%2Fpixel.example%2F" alt="" id="pixel"><a href="#x">x</a>`;
      const host = await openHost({ "/": page }, HEADERS);
      const visit = await openVisit(browser, site);
      await visit.context.route(src, async (route) => route.continue({ headers: { ...(await route.request().allHeaders()), "accept-encoding": encoding ?? "identity" } }));
      await visit.page.goto(host.url());
      assert.equal(await visit.page.evaluate(() => crossOriginIsolated), true);
      await visit.answeredOf("page_view");
      await visit.page.waitForFunction(() => document.getElementById("pixel").naturalWidth === 1);
      await visit.page.goto(host.url("/next")); // the beacon's answer is checked as well
      await visit.answeredOf("page_view", 2);
      await visit.drained();
      visit.assertNoErrors();
      expected.push(...(await visit.answered()));
      host.close();
      await visit.context.close();
    }
  // Without CORS, and a file that is not there.
  const host = await openHost({ "/": `<!doctype html><link rel="icon" href="data:,"><script src="${new URL("/analytics.js", site).href}"></script>` }, HEADERS);
  const visit = await openVisit(browser, site);
  await visit.page.goto(host.url());
  await visit.answeredOf("page_view");
  visit.assertNoErrors();
  for (const path of ["/analytics.0123456789AB.js", "/nothing.gif", "/pixel.gif", "/health", "/analytics"]) {
    const { headers } = await fetch(new URL(path, site));
    assert.equal(headers.get("cross-origin-resource-policy"), "cross-origin", path);
  }
  host.close();
  report("isolated", { expected });
};
