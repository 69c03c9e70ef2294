// axe-core finds nothing on any page of the site, wide and on a phone, light and dark, with events in its log.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PAGES = ["/", "/page2.html", "/more.html", "/shop/", "/nothing-here"];
const SIZES = { wide: { width: 1280, height: 800 }, phone: { width: 360, height: 780 } };

export const run = async ({ browser, site, report }) => {
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of ["light", "dark"]) {
      const context = await browser.newContext({ viewport, colorScheme, reducedMotion: "reduce" });
      const page = await context.newPage();
      for (const path of PAGES) {
        await page.goto(new URL(path, site).href);
        await page.waitForSelector("#log-entries .kept");
        await page.click("#log-entries summary");
        await page.evaluate(AXE);
        const { violations, passes } = await page.evaluate(() => window.axe.run());
        const found = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(" ").slice(0, 300)}`);
        assert.deepEqual(found, [], `${path}, ${size}, ${colorScheme}`);
        assert.ok(passes.length > 10, "axe ran its checks");
      }
      await context.close();
    }
  }
  report("clean", { pages: PAGES.length });
};
