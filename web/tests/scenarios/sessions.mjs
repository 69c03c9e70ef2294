// A session spans tabs until half an hour of inactivity; if localStorage is blocked, each tab has its own. Reports on a page
// neither begin a session nor prolong it.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
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

const REPORTS = ["engagement", "page_unload", "web_vitals"];

// Leaves the page after `silenceMs`; null: with no session stored. Returns the sessions of what was recorded, by type, and the
// stored one before and after.
const reportsAfter = (page, silenceMs) =>
  page.evaluate((silenceMs) => {
    const sessions = {};
    const take = ({ detail: { event } }) => (sessions[event.event_type] ??= event.session_id);
    addEventListener("footfall:queued", take);
    const [id, last] = localStorage.getItem("footfall.session").split(" ");
    if (silenceMs === null) localStorage.removeItem("footfall.session");
    else localStorage.setItem("footfall.session", `${id} ${last - silenceMs}`);
    const before = localStorage.getItem("footfall.session");
    dispatchEvent(new Event("pagehide"));
    removeEventListener("footfall:queued", take);
    return { sessions, id, before, after: localStorage.getItem("footfall.session") };
  }, silenceMs);

const reporting = async (browser, site, core) => {
  const visit = await openVisit(browser, site);
  if (core) await visit.page.route("**/analytics.js", (route) => route.fulfill({ path: core }));
  const types = core ? ["page_unload"] : REPORTS;
  await visit.page.goto(site);
  const left = await reportsAfter(visit.page, 5 * HALF_AN_HOUR_MS);
  assert.deepEqual(Object.keys(left.sessions).sort(), types);
  for (const type of types) assert.equal(left.sessions[type], left.id, `${type} after hours`);
  assert.equal(left.after, left.before, "a report does not prolong a session");
  assert.notEqual(await sessionOf(visit.page, "btn-action-1"), left.id, "a click begins the next");

  await visit.page.goto(site);
  const cleared = await reportsAfter(visit.page, null);
  assert.deepEqual(Object.keys(cleared.sessions).sort(), types);
  const [begun] = cleared.after.split(" ");
  assert.notEqual(begun, cleared.id);
  for (const type of types) assert.equal(cleared.sessions[type], begun, `${type} without a session`);
  assert.equal(await sessionOf(visit.page, "btn-action-1"), begun);
  visit.assertNoErrors();
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
  await reporting(browser, site);
  await reporting(browser, site, fileURLToPath(new URL("../../tracker/dist/analytics.core.js", import.meta.url)));
  report("reports");
};
