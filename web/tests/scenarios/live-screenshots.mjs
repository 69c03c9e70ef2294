// Screenshots of the live page for a person to look at: wide, half and on a phone, light and dark, and printed.
import assert from "node:assert/strict";
import { join } from "node:path";

const SIZES = { wide: [1440, 900], half: [900, 1000], phone: [360, 740] };
const PAGES = { today: "live/", week: "live/?period=7d", event: "live/?period=7d&event_type=button_click&property=page_section" };

export const run = async ({ browser, site, directory, report }) => {
  const take = async (name, size, colorScheme, address, media) => {
    const [width, height] = SIZES[size];
    const context = await browser.newContext({ viewport: { width, height }, colorScheme, deviceScaleFactor: size === "phone" ? 2 : 1 });
    const page = await context.newPage();
    await page.goto(new URL(address, site).href);
    if (media) await page.emulateMedia({ media, colorScheme });
    await page.waitForSelector("#totals strong", { state: "attached" });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `${name} at ${size} is ${overflow} px too wide`);
    const path = join(directory, `live-${name}-${size}-${colorScheme}.png`);
    await page.screenshot({ path, fullPage: true });
    report("screenshot", { path });
    await context.close();
  };
  for (const size of Object.keys(SIZES)) {
    for (const colorScheme of ["light", "dark"]) {
      for (const [name, address] of Object.entries(PAGES)) await take(name, size, colorScheme, address);
    }
  }
  await take("print", "half", "light", PAGES.week, "print");
};
