// A visitor who asks not to be tracked leaves no trace: no request, nothing stored, and what was stored before is deleted.
import assert from "node:assert/strict";
import { openVisit } from "../visit.mjs";

const SIGNALS = {
  "do-not-track": () => Object.defineProperty(Navigator.prototype, "doNotTrack", { get: () => "1" }),
  "do-not-track-on-window": () => Object.defineProperty(window, "doNotTrack", { get: () => "1" }),
  "global-privacy-control": () => Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get: () => true }),
};

export const run = async ({ browser, site, report }) => {
  for (const [signal, beforeScripts] of Object.entries(SIGNALS)) {
    const visit = await openVisit(browser, site, { beforeScripts });
    const { page } = visit;
    await visit.context.addInitScript((endpoint) => {
      if (!location.protocol.startsWith("http")) return;
      navigator.sendBeacon = () => sessionStorage.setItem("driver:beacon", "1");
      if (sessionStorage.getItem("driver:planted")) return;
      sessionStorage.setItem("driver:planted", "1");
      localStorage.setItem(`footfall:${endpoint}:0190a3b4-c5d6-7000-8000-000000000000`, "{}");
    }, new URL("/analytics", site).href);
    await page.goto(site);
    for (const { id } of await visit.buttons()) await page.click(`#${id}`);
    await page.evaluate(() => window.footfall.track("custom", { a: 1 }));
    await page.click("a.go");
    await page.waitForURL(/page2/);
    const stored = await page.evaluate(() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)]);
    const told = await page.textContent("#log-empty");
    await page.goto("about:blank");
    await page.waitForTimeout(500);
    assert.deepEqual(stored, ["driver:planted"], `${signal}: nothing is stored`);
    assert.deepEqual(visit.posts, [], `${signal}: nothing is sent`);
    assert.match(told, /asks not to be tracked/);
    visit.assertNoErrors();
    await visit.context.close();
    report("silent", { signal });
  }
};
