// An event stays in storage, under its own key, until it is answered. So some are sent twice, and the server recognizes
// them by event_id.
import { d, data, endpoint, parse, stringify, w } from "./page.js";
import { isOut } from "./consent.js";
import { json } from "./json.js";
import { drop, keep, keys, read } from "./storage.js";

const EVENTS_MAX = 500;
const AGE_MS_MAX = 7 * 864e5;
export const BODY_CHARS_MAX = 2e4; // keepalive's 64 KiB, 3 bytes a character
const SILENCE_MS_MAX = 18e5;
const SESSION = "footfall.session";
export const USER = "footfall.user";
const prefix = "footfall:" + endpoint + ":";

// Version 7: it sorts by time and contains the age. randomUUID is not available over plain HTTP.
const digit = () => (crypto.getRandomValues(new Uint8Array(1))[0] % 16).toString(16);
const uuid = (ms) => ("0" + ms.toString(16)).replace(/.{4}$/, "-$&") + "-7000-8000-000000000000".replace(/0/g, digit);

// Shared by all tabs; ends after 30 minutes of inactivity. A report is none: a tab that was left open says how it was read when
// it is closed, hours later.
const session = (ms, isReport) => {
  let [id, last] = (read(SESSION) || "").split(" ");
  if (id && isReport) return id;
  if (!(ms - last < SILENCE_MS_MAX)) id = "session-" + ms + "-" + uuid(0).slice(-6);
  keep(SESSION, id + " " + ms);
  return id;
};

// Reports an event to the page: it is queued, or it has its final answer and is removed from the queue.
export const tell = (text, waits, status) => {
  const event = parse(text);
  const eventId = event.event_id;
  if (!waits) drop(prefix + eventId);
  w.dispatchEvent(new CustomEvent("footfall:" + (waits ? "queued" : "sent"), { detail: { status, eventId, event } }));
};

let lastMs = 0;
// Unique, and later than all before.
export const stamp = () => (lastMs = Math.max(Date.now(), lastMs + 1));
// `more` adds fields to the event, or overrides them. `at` is when it happened; 0: now, in a report of how a page was used.
// The order of the fields is the one that compresses best.
export const record = (event_type, metadata, more, at) => {
  if (isOut()) return;
  const ms = (FULL && at) || stamp();
  const event_id = uuid(ms);
  const event = {
    language: navigator.language,
    metadata,
    event_type,
    page_url: location.href,
    page_title: d.title,
    event_id,
    timestamp: new Date(ms).toISOString(),
    user_agent: navigator.userAgent,
    site: data.site,
    referrer: d.referrer,
    screen_width: screen.width,
    session_id: session(ms, at === 0),
    ...(FULL && { user_id: read(USER) }),
    ...more,
  };
  const text = (FULL ? json : stringify)(event).replace(/\\u(0000|d[89a-f]..)/g, "\\ufffd"); // NUL and lone surrogates
  keep(prefix + event_id, text);
  keys(prefix).slice(0, -EVENTS_MAX).forEach(drop);
  tell(text, true, 0);
};

// The oldest queued events, as text, without those in `except`.
export const nextBatch = (except) => {
  const batch = [];
  const tooOld = prefix + uuid(Date.now() - AGE_MS_MAX);
  let chars = 0;
  for (const key of keys(prefix)) {
    const text = read(key);
    // A value that is not the event of this key would otherwise never be removed.
    if (key < tooOld || !text?.includes(key.slice(-36))) drop(key);
    else if (!except.includes(text)) {
      chars += text.length;
      if (batch[0] && chars > BODY_CHARS_MAX) break;
      batch.push(text);
    }
  }
  return batch;
};
