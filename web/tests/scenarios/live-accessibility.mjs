// axe-core finds nothing wrong with the live page: wide and on a phone, light and dark, with every kind of content.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const SIZES = { wide: [1440, 900], phone: [360, 740] };
// Headless Chromium identifies itself, and so counts as a bot.
const PAGES = ["live/", "live/?period=7d&bot=any", "live/?period=7d&bot=any&event_type=button_click&property=page_section&page=/", "live/?period=fortnight"];

// A theme changes colours and nothing else.
const RULES = { light: {}, dark: { runOnly: ["color-contrast", "link-in-text-block"] } };

export const run = async ({ browser, site, report }) => {
  const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  for (const [size, [width, height]] of Object.entries(SIZES)) {
    for (const colorScheme of ["light", "dark"]) {
      // The page's own policy would block an injected script.
      const context = await browser.newContext({ viewport: { width, height }, colorScheme, bypassCSP: true });
      const page = await context.newPage();
      for (const address of PAGES) {
        await page.goto(new URL(address, site).href);
        await page.evaluate(axe);
        for (const open of [false, true]) {
          if (open) await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
          const { violations, passes } = await page.evaluate((rules) => axe.run(document, rules), RULES[colorScheme]);
          const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, any }) => `${html.slice(0, 160)} ${any[0]?.message ?? ""}`).join("\n  ")}`);
          assert.ok(passes.length > 0);
          assert.deepEqual(told, [], `${address}, ${size}, ${colorScheme}`);
          report("checked", { address, size, colorScheme, rules: passes.length });
        }
      }
      await context.close();
    }
  }
};
