// The script under other names: those that an operator chose (/s.js, /e, with which the caller started nginx), the one
// with its hash, and the core on its own.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { html, openHost } from "../host.mjs";
import { openVisit } from "../visit.mjs";

export const run = async ({ browser, site, report }) => {
  const dist = readdirSync(new URL("../../tracker/dist", import.meta.url));
  const hashed = dist.find((name) => /^analytics\.[0-9a-f]{12}\.js$/.test(name));
  const tags = {
    renamed: { script: "/s.js", endpoint: "/e", caching: "max-age=300" },
    hashed: { script: `/${hashed}`, endpoint: "/analytics", caching: "max-age=31536000, immutable" },
    "hash-of-another-release": { script: "/analytics.0123456789ab.js", endpoint: "/analytics", caching: "max-age=300" },
    core: { script: "/analytics.core.js", endpoint: "/analytics", caching: "max-age=300" },
  };
  for (const [name, { script, endpoint, caching }] of Object.entries(tags)) {
    const visit = await openVisit(browser, site, { endpoint });
    const { page } = visit;
    const host = await openHost({ "/": html(`<script src="${new URL(script, site).href}" data-endpoint="${endpoint}" data-site="${name}" defer></script><button id="b">x</button><a href="#x">y</a>`) });
    const requests = [];
    page.on("request", (request) => requests.push(request.url()));
    const loading = page.waitForResponse(new URL(script, site).href);
    await page.goto(host.url());
    const loaded = await loading;
    assert.equal(await loaded.headerValue("cache-control"), caching, name);
    assert.ok(["gzip", "br"].includes(await loaded.headerValue("content-encoding")), name);
    await page.click("#b");
    await page.click("a");
    await visit.answeredOf("navigation_click");
    const answered = await visit.answered();
    assert.deepEqual(answered.map((event) => event.event_type), ["page_view", "button_click", "navigation_click"], name);
    if (name === "renamed") assert.deepEqual(requests.filter((url) => /analytics|footfall/.test(url)), []);
    visit.assertNoErrors();
    report("answered", { name, expected: answered });
    host.close();
    await visit.context.close();
  }
};
