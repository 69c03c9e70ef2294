// Both pages, wide and on a phone, light and dark, after a few clicks: for a person to look at.
import { join } from "node:path";
import assert from "node:assert/strict";

const SIZES = { wide: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

export const run = async ({ browser, site, directory, report }) => {
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of ["light", "dark"]) {
      const context = await browser.newContext({ viewport, colorScheme, deviceScaleFactor: size === "phone" ? 2 : 1 });
      const page = await context.newPage();
      const take = async (name) => {
        for (const button of await page.$$("main button")) await button.click();
        await page.waitForFunction(() => !document.querySelector("#log-entries .waiting"));
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(overflow <= 0, `${name} at ${size} is ${overflow} px too wide`);
        const path = join(directory, `${name}-${size}-${colorScheme}.png`);
        await page.screenshot({ path, fullPage: true });
        report("screenshot", { path });
      };
      await page.goto(site);
      await take("index");
      await page.click("a.go");
      await page.waitForURL(/page2/);
      await take("page2");
      await context.close();
    }
  }
};
