// An event stays in storage, under a key of its own, until it is answered: so some are sent twice, and the server knows
// them by event_id.
import { d, data, endpoint, parse, stringify, w } from "./page.js";
import { isOut } from "./consent.js";
import { drop, keep, keys, read } from "./storage.js";

const EVENTS_MAX = 500;
const AGE_MS_MAX = 7 * 864e5;
export const BODY_CHARS_MAX = 2e4; // keepalive's 64 KiB, 3 bytes a character
const SILENCE_MS_MAX = 18e5;
const SESSION = "footfall.session";
const prefix = "footfall:" + endpoint + ":";

// Version 7: sorts by time and tells the age. Plain http has no randomUUID.
const digit = () => (crypto.getRandomValues(new Uint8Array(1))[0] % 16).toString(16);
const uuid = (ms) => ("0" + ms.toString(16)).replace(/.{4}$/, "-$&") + "-7000-8000-000000000000".replace(/0/g, digit);

// Of all tabs, until 30 minutes of silence.
const session = (ms) => {
  let [id, last] = (read(SESSION) || "").split(" ");
  if (!(ms - last < SILENCE_MS_MAX)) id = "session-" + ms + "-" + uuid(0).slice(-6);
  keep(SESSION, id + " " + ms);
  return id;
};

// The page hears of an event: it waits, or was answered for good and is forgotten here.
export const tell = (text, waits, status) => {
  const event = parse(text);
  const eventId = event.event_id;
  if (!waits) drop(prefix + eventId);
  w.dispatchEvent(new CustomEvent("footfall:" + (waits ? "queued" : "sent"), { detail: { event, status, eventId } }));
};

// Further fields of every event.
export const common = {};

let lastMs = 0;
// `more` has further fields of the event, or others than these.
export const record = (event_type, metadata, more) => {
  if (isOut()) return;
  lastMs = Math.max(Date.now(), lastMs + 1); // no two alike
  const event_id = uuid(lastMs);
  const text = stringify({
    event_id,
    event_type,
    timestamp: new Date(lastMs).toISOString(),
    page_url: location.href,
    page_title: d.title,
    session_id: session(lastMs),
    user_agent: navigator.userAgent,
    referrer: d.referrer,
    site: data.site,
    language: navigator.language,
    screen_width: screen.width,
    metadata,
    ...common,
    ...more,
  }).replace(/\\u(0000|d[89a-f]..)/g, "\\ufffd"); // NUL, half characters
  keep(prefix + event_id, text);
  keys(prefix).slice(0, -EVENTS_MAX).forEach(drop);
  tell(text, true, 0);
};

// The oldest that wait, as texts, without those named.
export const nextBatch = (except) => {
  const batch = [];
  const tooOld = prefix + uuid(Date.now() - AGE_MS_MAX);
  let chars = 0;
  for (const key of keys(prefix)) {
    const text = read(key);
    // What is not an event of this name would never be forgotten.
    if (key < tooOld || !text?.includes(key.slice(-36))) drop(key);
    else if (!except.includes(text)) {
      chars += text.length;
      if (batch[0] && chars > BODY_CHARS_MAX) break;
      batch.push(text);
    }
  }
  return batch;
};
