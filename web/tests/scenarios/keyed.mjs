// A page of another origin, whose site has a key. Its events are kept until its origin may write; the last ones go with a beacon.
import { html, openHost } from "../host.mjs";
import { nextLine } from "../stdin.mjs";
import { until } from "../until.mjs";
import { openVisit } from "../visit.mjs";

export const run = async ({ browser, site, report }) => {
  const visit = await openVisit(browser, site);
  const { page } = visit;
  const script = new URL("/analytics.js", site).href;
  const endpoint = new URL(`/analytics?key=${process.env.FOOTFALL_KEY}`, site).href;
  const host = await openHost({
    "/": html(`<script src="${script}" data-endpoint="${endpoint}" defer></script><button id="go">Go</button>`),
  });
  const failed = [];
  page.on("requestfailed", (request) => failed.push(request.url()));
  await page.goto(host.url());
  await page.click("#go");
  await until(() => failed.includes(endpoint), 15_000, "the origin was not refused");
  report("refused", { origin: new URL(host.url()).origin });
  await nextLine();
  const sent = async () => (await visit.trail()).filter(({ what }) => what === "sent");
  await until(async () => (await sent()).length === 2, 90_000, "the events were not taken");
  await page.click("#go");
  await page.goto("about:blank");
  host.close();
};
