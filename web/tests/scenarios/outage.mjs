// Ingest is down while a visitor clicks, and even reloads the page; when it is back, everything arrives by itself.
import assert from "node:assert/strict";
import { nextLine } from "../stdin.mjs";
import { openVisit } from "../visit.mjs";

export const run = async ({ browser, site, report }) => {
  const visit = await openVisit(browser, site, { outage: true });
  const { page } = visit;
  await page.goto(site);
  await visit.drained();
  const before = (await visit.recorded()).length;
  report("ready-for-outage");
  await nextLine();

  const [first, ...others] = await visit.buttons();
  await page.click(`#${first.id}`);
  await page.waitForFunction(() => document.querySelector("#log-entries .waiting"));
  await page.reload();
  for (const { id } of others) await page.click(`#${id}`);

  const events = (await visit.recorded()).slice(before);
  const clicks = events.filter((event) => event.event_type === "button_click").map((event) => event.button_id);
  assert.deepEqual(clicks, [first.id, ...others.map(({ id }) => id)]);
  assert.equal(await visit.queueLength(), events.length, "everything since the outage is queued, also from before the reload");
  report("clicked", { event_ids: events.map((event) => event.event_id), events });
  await nextLine();

  await visit.drained();
  await visit.allKept();
  const sent = (await visit.trail()).filter(({ what }) => what === "sent");
  const statuses = events.map((event) => sent.filter(({ eventId }) => eventId === event.event_id).map(({ status }) => status));
  assert.deepEqual(statuses, events.map(() => [200]), "each event is answered with 200, once");
  const order = sent.map(({ eventId }) => eventId).filter((id) => events.some((event) => event.event_id === id));
  assert.deepEqual(order, events.map((event) => event.event_id), "in the order in which they happened");
  visit.assertNoErrors();
  report("drained");
};
