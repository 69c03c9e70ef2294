// A page built to be slow in known ways: each vital matches the delay that was built in.
import assert from "node:assert/strict";
import { html, openHost } from "../host.mjs";
import { openVisit } from "../visit.mjs";

const LATE_MS = 400;
const BUSY_MS = 250;
const NEAR_MS = 150; // tolerance above the delay that was built in
const GAP_MS = 1_000;

const APP = `
  const box = (name) => document.getElementById(name);
  box("slow").addEventListener("click", () => { const end = performance.now() + ${BUSY_MS}; while (performance.now() < end); });
  const push = (px) => { box("space").style.height = px + "px"; };
  const painted = () => {
    setTimeout(() => box("late").append("A text as large as none other on this page. ".repeat(20)), ${LATE_MS});
    // Two shifts close together, and a later one: two windows, of which the larger counts.
    setTimeout(() => push(100), 700);
    setTimeout(() => push(200), 900);
    setTimeout(() => push(250), 3000);
    setTimeout(() => { window.isStill = true; }, 3500);
  };
  new PerformanceObserver(painted).observe({ type: "paint", buffered: true });`;

export const run = async ({ browser, site, report }) => {
  const visit = await openVisit(browser, site);
  const { page } = visit;
  const script = `<script src="${new URL("/analytics.js", site).href}" data-site="slow" defer></script>`;
  const host = await openHost({
    "/": html(`${script}<h1>Slow</h1><div id="space"></div><button id="slow">x</button><button id="fast">y</button>
      <p id="late"></p><script src="/app.js"></script>`),
    "/app.js": APP,
  });
  await page.setViewportSize({ width: 1000, height: 1000 });
  await page.goto(host.url());
  const shifts = await page.evaluate(
    () =>
      new Promise((done) => {
        const seen = [];
        new PerformanceObserver((list) => seen.push(...list.getEntries().map(({ startTime, value }) => ({ startTime, value })))).observe({ type: "layout-shift", buffered: true });
        const look = () => (window.isStill ? done(seen) : setTimeout(look, 50));
        look();
      }),
  );
  await page.click("#slow");
  for (let i = 0; i < 5; i++) await page.click("#fast");
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 200))));
  await page.goto(host.url("/next"));
  const [{ metadata }] = await visit.answeredOf("web_vitals");
  let windows = [];
  for (const { startTime, value } of shifts) {
    if (!(startTime - windows.at(-1)?.last < GAP_MS)) windows.push({ sum: 0 });
    Object.assign(windows.at(-1), { last: startTime, sum: windows.at(-1).sum + value });
  }
  windows = windows.map(({ sum }) => sum);
  assert.ok(windows.length > 1 && shifts.length > windows.length, JSON.stringify(shifts));
  assert.ok(Math.abs(metadata.cls - Math.max(...windows)) < 0.0002, `${metadata.cls} of ${windows}`);
  assert.ok(metadata.inp_ms >= BUSY_MS && metadata.inp_ms < BUSY_MS + NEAR_MS, `${metadata.inp_ms} ms for a click that took ${BUSY_MS}`);
  assert.ok(metadata.lcp_ms >= metadata.fcp_ms + LATE_MS, JSON.stringify(metadata));
  visit.assertNoErrors();
  host.close();
  report("measured", { vitals: metadata, expected: await visit.answered() });
};
