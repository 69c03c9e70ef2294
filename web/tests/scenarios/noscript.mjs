// A browser that runs no script loads the pixel, and is counted by it.
import assert from "node:assert/strict";

export const run = async ({ browser, site, report }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  const picture = page.waitForResponse(/\/pixel\.gif$/);
  await page.goto(site);
  const answer = await picture;
  assert.equal(answer.status(), 200);
  assert.equal(answer.headers()["cache-control"], "no-store");
  assert.equal((await answer.body()).length, 43);
  report("seen", { page_url: site });
};
