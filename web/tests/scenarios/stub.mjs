// The snippet in web/README.md: calls that a page makes before the script has loaded.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { html, openHost } from "../host.mjs";
import { openVisit } from "../visit.mjs";

export const run = async ({ browser, site, report }) => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const snippet = readme.match(/<script>\n.*?<\/script>/s)[0];
  const page_of = (calls, attributes = "") => html(`${snippet}<script>${calls}</script><script src="${new URL("/analytics.js", site).href}" data-site="stub" ${attributes} defer></script>`);
  const host = await openHost({
    "/": page_of('footfall.track("early", { n: 1 }); footfall.identify("ada"); footfall.track("early", { n: 2 });'),
    "/out": page_of('footfall.optOut(); footfall.track("early", { n: 3 });'),
    "/wrong": page_of('footfall.track("early", { n: 4 });', 'data-endpoint="http://"'),
  });
  const visit = await openVisit(browser, site);
  const { page } = visit;
  await page.goto(host.url());
  const early = await visit.answeredOf("early", 2);
  assert.deepEqual(early.map(({ metadata, user_id }) => [metadata.n, user_id]), [[1, undefined], [2, "ada"]]);
  const [view] = await visit.answeredOf("page_view");
  assert.equal(view.user_id, "ada");
  assert.equal(await page.evaluate(() => window.footfall.q), undefined);
  const answered = await visit.answered();
  visit.assertNoErrors();
  report("played", { expected: answered });
  await visit.context.close();

  const out = await openVisit(browser, site);
  await out.page.goto(host.url("/out"));
  await out.page.waitForFunction(() => window.footfall.optedOut());
  await out.page.goto("about:blank");
  await out.page.waitForTimeout(300);
  assert.deepEqual(out.posts, []);

  await out.page.goto(host.url("/wrong"));
  assert.equal(await out.page.evaluate(() => window.footfall.q.length), 1, "the script has given up silently");
  out.assertNoErrors();
  host.close();
  report("out");
};
