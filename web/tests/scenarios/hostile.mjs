// Hostile host pages: patched prototypes, blocked storage, a beacon that fails, text that no database accepts.
// The events still arrive, and the page notices nothing.
import assert from "node:assert/strict";
import { until } from "../until.mjs";
import { openVisit } from "../visit.mjs";

const PAGES = {
  "odd-prototypes": () => {
    Array.prototype.toJSON = function () { return String(this); };
    Object.prototype.surprise = "enumerable";
    Array.prototype.more = () => {};
    navigator.sendBeacon = () => false;
  },
  "blocked-storage": () => {
    const blocked = { get() { throw new DOMException("blocked", "SecurityError"); } };
    Object.defineProperty(window, "localStorage", blocked);
    Object.defineProperty(window, "sessionStorage", blocked);
  },
  "frozen-prototypes": () => {
    for (const it of [Object, Array, String, Function, Promise, RegExp, Date, EventTarget, Element, History, Storage, Performance])
      Object.freeze(it.prototype);
    for (const it of [Object, Array, JSON, Math, history, navigator, performance]) Object.freeze(it);
  },
  // Patched after the tracker has started, as a page's own scripts may do.
  "bent-built-ins": () => {
    addEventListener("footfall:queued", () => {
      JSON.stringify = () => "bent";
      JSON.parse = () => { throw new Error("bent"); };
      history.pushState = () => { throw new Error("bent"); };
      Array.prototype.toString = () => "bent";
      document.querySelector = () => { throw new Error("bent"); };
    }, { once: true });
  },
  "full-storage": () => {
    Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };
  },
};

// Of the first page; listed here because querying such a page for them may fail too.
const BUTTONS = ["btn-action-1", "btn-action-2", "btn-action-3"];

export const run = async ({ browser, site, report }) => {
  for (const [name, beforeScripts] of Object.entries(PAGES)) {
    const visit = await openVisit(browser, site, { beforeScripts });
    const { page } = visit;
    await page.goto(site);
    for (const id of BUTTONS) await page.click(`#${id}`);
    const thrown = await page.evaluate(() => {
      const circle = {};
      circle.circle = circle;
      try {
        window.footfall.track("circle", circle);
        window.footfall.track(undefined);
        window.footfall.track("custom", { text: "half \ud83d and \u0000", list: "x".repeat(3) });
      } catch (error) {
        return String(error);
      }
    });
    assert.equal(thrown, undefined, `${name}: track never throws`);
    await until(async () => (await visit.trail()).some(({ what, event }) => what === "sent" && event.event_type === "custom"), 15_000, `${name}: the last event was not answered`);
    const sent = (await visit.trail()).filter(({ what }) => what === "sent");
    assert.deepEqual(sent.map(({ event }) => event.event_type), ["page_view", "button_click", "button_click", "button_click", "circle", "undefined", "custom"]);
    assert.deepEqual(sent.map(({ status }) => status), sent.map(() => 200), `${name}: everything is taken`);
    assert.equal(sent.at(-1).event.metadata.text, "half \ufffd and \ufffd");
    visit.assertNoErrors();
    report("taken", { page: name, event_ids: sent.map(({ eventId }) => eventId) });
    await visit.context.close();
  }
};
