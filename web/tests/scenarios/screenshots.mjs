// Screenshots of every page for a person to look at: wide and on a phone, light and dark, after a few clicks.
import { join } from "node:path";
import assert from "node:assert/strict";

const SIZES = { wide: { width: 1280, height: 800 }, phone: { width: 360, height: 780 } };
const PAGES = { index: "/", page2: "/page2.html", more: "/more.html", shop: "/shop/", missing: "/nothing-here" };

export const run = async ({ browser, site, directory, report }) => {
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of ["light", "dark"]) {
      const context = await browser.newContext({ viewport, colorScheme, deviceScaleFactor: size === "phone" ? 2 : 1 });
      const page = await context.newPage();
      for (const [name, path] of Object.entries(PAGES)) {
        await page.goto(new URL(path, site).href);
        for (const button of await page.$$("main button:not(#opt-out):visible")) await button.click();
        await page.waitForFunction(() => document.querySelector("#log-entries .kept") && !document.querySelector("#log-entries .waiting"));
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(overflow <= 0, `${name} at ${size} is ${overflow} px too wide`);
        const file = join(directory, `${name}-${size}-${colorScheme}.png`);
        await page.screenshot({ path: file, fullPage: true });
        report("screenshot", { path: file });
      }
      await context.close();
    }
  }
};
