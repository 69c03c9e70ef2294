// One visitor: a browser context with one page, and all errors and requests of that page.
import assert from "node:assert/strict";
import { until } from "./until.mjs";

const WAIT_MS_MAX = 45_000; // many browsers may run beside this one
const DRAIN_MS_MAX = 100_000; // the tracker waits up to 60 s, plus up to half of that at random

// Runs in the page before its scripts. Each report goes into sessionStorage, because a call to the driver is lost when a
// page dies; each is a separate entry, because a hostile page may patch how arrays become JSON.
const keepTrail = () => {
  window.driverTrail = [];
  const { stringify } = JSON;
  const note = (what) => ({ detail }) => {
    const text = stringify({ what, status: detail.status, eventId: detail.eventId, event: detail.event });
    try {
      sessionStorage.setItem(`driver:trail:${String(sessionStorage.length).padStart(6, "0")}`, text);
    } catch {
      window.driverTrail.push(text);
    }
  };
  addEventListener("footfall:queued", note("queued"));
  addEventListener("footfall:sent", note("sent"));
};

const readTrail = () => {
  try {
    const keys = Object.keys(sessionStorage).filter((key) => key.startsWith("driver:trail:"));
    return [...keys.sort().map((key) => sessionStorage.getItem(key)), ...window.driverTrail].join("\n");
  } catch {
    return window.driverTrail.join("\n");
  }
};

export const openVisit = async (browser, site, options = {}) => {
  const { beforeScripts, outage = false, endpoint = "/analytics" } = options;
  const context = options.context ?? (await browser.newContext());
  if (beforeScripts) await context.addInitScript(beforeScripts);
  await context.addInitScript(keepTrail);
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS_MAX);

  const errors = [];
  const posts = []; // {request, events} sent to the collector, except the beacon of a closing page
  page.on("pageerror", (error) => errors.push(`thrown: ${error.stack ?? error}`));
  page.on("console", (message) => {
    if (message.type() !== "error") return;
    // Chromium itself writes this line for a 503; no script can prevent it.
    const byChromium = message.text().startsWith("Failed to load resource") && message.location().url.endsWith(endpoint);
    if (!(outage && byChromium)) errors.push(`console: ${message.text()} (${message.location().url})`);
  });
  context.on("request", (request) => {
    if (new URL(request.url()).pathname !== endpoint) return;
    const body = request.postData();
    const parsed = body ? JSON.parse(body) : {};
    posts.push({ request, events: parsed.events ?? [parsed] });
  });

  const trail = async () => (await page.evaluate(readTrail)).split("\n").filter(Boolean).map((text) => JSON.parse(text));

  return {
    context,
    page,
    errors,
    posts,
    trail,
    // An event is first reported when it is recorded; it may be reported as queued again after a failure.
    recorded: async () => {
      const events = new Map();
      for (const { eventId, event } of await trail()) if (!events.has(eventId)) events.set(eventId, event);
      return [...events.values()];
    },
    // Those with a final answer, each once, as the caller will look for them in the table.
    async answered() {
      const events = new Map();
      for (const { what, status, eventId, event } of await trail())
        if (what === "sent" && status === 200) events.set(eventId, event);
      return [...events.values()].sort((a, b) => a.timestamp.localeCompare(b.timestamp));
    },
    // Waits until `count` events of this type were answered.
    async answeredOf(event_type, count = 1) {
      let found;
      const enough = async () => {
        found = (await this.answered()).filter((event) => event.event_type === event_type);
        return found.length >= count;
      };
      await until(enough, WAIT_MS_MAX, `${count} ${event_type} were not answered`);
      assert.equal(found.length, count, event_type);
      return found;
    },
    queueLength: () => page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("footfall:")).length),
    async drained() {
      await until(async () => (await this.queueLength()) === 0, DRAIN_MS_MAX, "the queue did not drain");
    },
    // The log on the page must agree: it is what a person sees.
    async allKept() {
      await page.waitForFunction(() => {
        const rows = [...document.querySelectorAll("#log-entries .status")];
        return rows.length > 0 && rows.every((row) => row.textContent === "200 kept");
      });
    },
    buttons: () =>
      page.$$eval("main button", (all) => all.map((b) => ({ id: b.id, section: b.closest("section[id]").id }))),
    assertNoErrors: () => assert.deepEqual(errors, [], "the page must not throw or log an error"),
  };
};
