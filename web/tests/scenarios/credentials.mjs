// A page of another origin posts JSON by itself: sendBeacon and fetch with credentials, and headers of a tracing library.
// Both need a preflight, and an answer that names the origin.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { html, openHost } from "../host.mjs";
import { nextLine } from "../stdin.mjs";

const TYPE = "application/json";

export const run = async ({ browser, site, report }) => {
  const page = await (await browser.newContext()).newPage();
  const refused = [];
  page.on("console", (message) => message.text().includes("CORS") && refused.push(message.text()));
  const host = await openHost({ "/": html("A shop") });
  await page.goto(host.url());

  const events = [0, 1, 2].map(() => ({ event_id: randomUUID(), event_type: "order", page_url: host.url() }));
  const endpoint = new URL("/analytics", site).href;
  const post = (url, body, headers = {}) =>
    page.evaluate(
      async ([url, body, headers]) => {
        const answer = await fetch(url, { method: "POST", credentials: "include", headers, body });
        return { status: answer.status, answer: await answer.json(), retryAfter: answer.headers.get("retry-after") };
      },
      [url, body, { "content-type": TYPE, ...headers }],
    );

  const traced = { traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", baggage: "a=b", "sentry-trace": "1-2", "x-request-id": "7" };
  const fetched = await post(endpoint, JSON.stringify(events[0]), traced);
  assert.deepEqual([fetched.status, fetched.answer.eventId], [200, events[0].event_id]);
  const slashed = await post(`${endpoint}/`, JSON.stringify(events[1]));
  assert.equal(slashed.status, 200);
  // Refusals are readable too: ingest's own, and that of the server before it.
  assert.deepEqual(await post(endpoint, "{}").then(({ status, answer }) => [status, answer.reason]), [400, "field_missing"]);
  const large = await post(endpoint, " ".repeat(1024 * 1024 + 1));
  assert.deepEqual([large.status, large.answer.reason], [413, "body_too_large"]);

  const isQueued = await page.evaluate(
    ([endpoint, body, type]) => navigator.sendBeacon(endpoint, new Blob([body], { type })),
    [endpoint, JSON.stringify(events[2]), TYPE],
  );
  assert.ok(isQueued);
  report("sent", { event_ids: events.map(({ event_id }) => event_id) });
  // The page stays open until the caller has seen the beacon's row.
  await nextLine();
  assert.deepEqual(refused, []);
  host.close();
};
