// A session spans tabs until half an hour of inactivity; if localStorage is blocked, each tab has its own.
import assert from "node:assert/strict";
import { openVisit } from "../visit.mjs";

const HALF_AN_HOUR_MS = 30 * 60_000;

// In a single task, so that nothing that the page does by itself comes between the inactivity and the click.
const sessionAfter = (page, button, silenceMs) =>
  page.evaluate(
    ([button, silenceMs]) =>
      new Promise((done) => {
        addEventListener("footfall:queued", ({ detail }) => done(detail.event.session_id), { once: true });
        const [id, last] = localStorage.getItem("footfall.session").split(" ");
        localStorage.setItem("footfall.session", `${id} ${last - silenceMs}`);
        document.getElementById(button).click();
      }),
    [button, silenceMs],
  );

const sessionOf = async (page, button) => {
  const recorded = page.evaluate(() => new Promise((done) => addEventListener("footfall:queued", ({ detail }) => done(detail.event.session_id), { once: true })));
  await page.click(`#${button}`);
  return recorded;
};

export const run = async ({ browser, site, report }) => {
  const second = new URL("/page2.html", site).href;
  const shared = await openVisit(browser, site);
  await shared.page.goto(site);
  const tab = await shared.context.newPage();
  await tab.goto(second);
  const session = await sessionOf(shared.page, "btn-action-1");
  assert.equal(await sessionOf(tab, "btn-action-4"), session);
  assert.equal(await sessionAfter(tab, "btn-action-4", HALF_AN_HOUR_MS - 60_000), session, "just short of half an hour");
  const next = await sessionAfter(tab, "btn-action-4", HALF_AN_HOUR_MS);
  assert.notEqual(next, session);
  assert.equal(await sessionOf(shared.page, "btn-action-1"), next, "the other tab uses the new session");
  shared.assertNoErrors();
  report("shared");

  const beforeScripts = () => Object.defineProperty(window, "localStorage", { get() { throw new DOMException("blocked", "SecurityError"); } });
  const apart = await openVisit(browser, site, { beforeScripts });
  await apart.page.goto(site);
  const other = await apart.context.newPage();
  await other.goto(second);
  const own = await sessionOf(apart.page, "btn-action-1");
  assert.notEqual(await sessionOf(other, "btn-action-4"), own);
  await apart.page.click("a.go");
  await apart.page.waitForURL(second);
  assert.equal(await sessionOf(apart.page, "btn-action-4"), own, "the tab keeps it");
  apart.assertNoErrors();
  report("apart");
};
