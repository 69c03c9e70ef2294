// Sends queued events, and retries until each has a final answer.
import { endpoint } from "./page.js";
import { BODY_CHARS_MAX, nextBatch, tell } from "./queue.js";

const WAIT_MS_MAX = 6e4;
const ANSWER_MS_MAX = 3e4;

let flying = []; // one request at a time keeps the order
const handedOver = []; // to the browser, on leaving the page; they stay queued, because a beacon gets no answer
let timer = 0;
let failures = 0;

const bodyOf = (batch) => {
  const sent = '{"sent_at":"' + new Date().toISOString() + '",';
  const events = batch.map((text) => sent + text.slice(1)).join();
  return batch[1] ? '{"events":[' + events + "]}" : events;
};

export const flush = async () => {
  try {
    if (flying[0] || timer) return;
    const batch = (flying = nextBatch([]));
    if (!batch[0]) return;
    let status = 0;
    let waitMs;
    let rejected;
    try {
      const answer = await fetch(endpoint, {
        credentials: "omit",
        keepalive: batch[0].length < BODY_CHARS_MAX,
        signal: AbortSignal.timeout?.(ANSWER_MS_MAX),
        method: "POST",
        body: bodyOf(batch), // text/plain, so no preflight
      });
      status = answer.status;
      waitMs = answer.headers.get("Retry-After") * 1e3;
      ({ rejected } = await answer.json());
    } catch {}
    flying = [];
    const keeps = /^(0|408|429|5)/.test(status);
    if (keeps) {
      waitMs = Math.min(Math.max(waitMs || 0, 500 * 2 ** failures++), WAIT_MS_MAX);
      timer = setTimeout(retry, waitMs * (1 + Math.random() / 2));
    } else failures = 0;
    batch.forEach((text, index) => tell(text, keeps, rejected?.some((r) => r.index === index) ? 400 : status));
    flush();
  } catch {}
};
export const retry = () => {
  clearTimeout(timer);
  timer = 0;
  flush();
};

let leaving;
// The browser delivers this even after the page is gone, but does not report whether it did.
export const handOver = () => {
  handedOver.push(...flying);
  leaving = nextBatch(handedOver);
  if (leaving[0] && navigator.sendBeacon(endpoint, bodyOf(leaving))) handedOver.push(...leaving);
};
