// A visitor clicks on the site while the live page is open. How long until its number changes?
import assert from "node:assert/strict";

const CLICKS = Number(process.env.CLICKS ?? 30);
const WAIT_MS_MAX = 10_000;

const atRank = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)];

export const run = async ({ browser, site, report }) => {
  const context = await browser.newContext();
  const [visitor, live] = [await context.newPage(), await (await browser.newContext()).newPage()];
  const errors = [];
  live.on("pageerror", (error) => errors.push(String(error)));
  live.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  // Headless Chromium identifies itself, and so counts as a bot.
  await live.goto(new URL("live/?bot=any", site).href);
  await live.waitForSelector('#state[data-state="live"]');
  await visitor.goto(site);
  const events = () => live.evaluate(() => Number(document.querySelector('[data-number="events"]').textContent.replaceAll(",", "")));
  const settled = async () => {
    for (let before = -1, now = await events(); before !== now; now = await events()) {
      before = now;
      await live.waitForTimeout(1_000);
    }
    return events();
  };
  const before = await settled();
  // Measured within the page, so that the driver's round trip is not included.
  await live.evaluate(() => {
    const number = () => document.querySelector('[data-number="events"]').textContent;
    let last = number();
    window.changes = [];
    new MutationObserver(() => {
      const now = number();
      if (now !== last) window.changes.push(Date.now());
      last = now;
    }).observe(document.querySelector("#totals"), { childList: true, subtree: true });
  });
  const times = [];
  const button = visitor.locator("main button").first();
  for (let click = 0; click < CLICKS; click += 1) {
    await live.evaluate(() => (window.changes.length = 0));
    const clickedAt = await button.evaluate((element) => {
      const now = Date.now();
      element.click();
      return now;
    });
    const changed = await live.waitForFunction(() => window.changes[0], undefined, { polling: 20, timeout: WAIT_MS_MAX });
    times.push((await changed.jsonValue()) - clickedAt);
    // A person does not click in step with the page's refreshes.
    await live.waitForTimeout(300 + Math.random() * 200);
  }
  const after = await settled();
  assert.ok(after >= before + CLICKS, `${after} events after ${before} and ${CLICKS} clicks`);
  assert.deepEqual(errors, [], "the live page throws nothing and does not violate its policy");
  times.sort((a, b) => a - b);
  report("latency", { clicks: CLICKS, median_ms: atRank(times, 0.5), p90_ms: atRank(times, 0.9), p99_ms: atRank(times, 0.99), max_ms: times.at(-1) });
};
