// Web vitals as web.dev defines them, once per view, when it is first hidden or left. Values that the browser does not
// measure, or measured after the page was hidden, are left out.
import { attempt, d, quiet } from "./page.js";
import { record } from "./queue.js";
import { begins, ends } from "./views.js";

const SHIFTS_GAP_MS = 1e3;
const SHIFTS_WINDOW_MS = 5e3;
const INTERACTIONS_MAX = 10;
const INTERACTIONS_PER_OUTLIER = 50; // one in 50 is left out: the 98th percentile
const DURATION_MS_MIN = 16; // the browser does not report shorter events

export const vitals = () => {
  let values; // of this view; null once they are recorded
  let painting; // whether paints count: only for the document's first view
  let shifts; // the window of layout shifts: {sum, first, last}, times in ms
  let measuresShifts;
  let slowest; // the longest interactions: {id, ms}
  let interactions; // how many there were
  let interactionsBefore;
  let lastId = 0;
  let hiddenMs; // when the page was first hidden
  let activation; // when a prerendered page was shown
  const observers = [];

  const observe = (type, take, options) =>
    attempt(() => {
      const each = quiet((entries) => values && entries.forEach(take));
      const observer = new PerformanceObserver((list) => each(list.getEntries()));
      observer.observe({ type, buffered: true, ...options });
      observers.push(() => each(observer.takeRecords()));
      return PerformanceObserver.supportedEntryTypes.includes(type);
    });
  const since = (ms) => Math.max(ms - activation, 0);
  const painted = (name, { startTime }) => {
    if (painting && startTime < hiddenMs) values[name] = since(startTime);
  };
  const shifted = ({ hadRecentInput, startTime, value }) => {
    if (hadRecentInput) return;
    const isNear = startTime - shifts.last < SHIFTS_GAP_MS && startTime - shifts.first < SHIFTS_WINDOW_MS;
    if (!isNear) shifts = { sum: 0, first: startTime };
    shifts.last = startTime;
    shifts.sum += value;
    values.cls = Math.max(values.cls, shifts.sum);
  };
  const interacted = ({ interactionId: id, duration }) => {
    if (!id) return;
    if (id > lastId) interactions++;
    lastId = Math.max(id, lastId);
    const known = slowest.find((it) => it.id === id);
    if (known) known.ms = Math.max(known.ms, duration);
    else slowest.push({ id, ms: duration });
    slowest.sort((a, b) => b.ms - a.ms).splice(INTERACTIONS_MAX);
  };
  const counted = () => performance.interactionCount ?? interactions;

  const first = () => {
    const [navigation = {}] = performance.getEntriesByType("navigation");
    activation = navigation.activationStart || 0;
    const states = attempt(() => performance.getEntriesByType("visibility-state")) || [];
    const hidden = states.find(({ name, startTime }) => name === "hidden" && startTime >= activation);
    hiddenMs = d.hidden ? 0 : hidden ? hidden.startTime : Infinity;
    painting = true;
    values.cls = 0;
    if (navigation.responseStart > 0) values.ttfb = since(navigation.responseStart);
    observe("paint", (entry) => entry.name === "first-contentful-paint" && painted("fcp", entry));
    observe("largest-contentful-paint", (entry) => painted("lcp", entry));
    measuresShifts = observe("layout-shift", shifted);
    observe("event", interacted, { durationThreshold: DURATION_MS_MIN });
    observe("first-input", interacted);
  };

  const begin = (restored) => {
    const isFirst = !slowest;
    values = { cls: 0 };
    shifts = { sum: 0 };
    slowest = [];
    interactions = 0;
    interactionsBefore = performance.interactionCount || 0;
    if (isFirst) first();
    else if (restored) {
      values.ttfb = 0;
      const frame = requestAnimationFrame;
      frame(() => frame(() => values && (values.fcp = values.lcp = performance.now() - restored.timeStamp)));
    }
  };

  const end = (place) => {
    if (!values) return;
    observers.forEach((take) => take());
    const { ttfb, fcp, lcp, cls } = values;
    const outliers = Math.floor((counted() - interactionsBefore) / INTERACTIONS_PER_OUTLIER);
    const interaction = slowest[Math.min(outliers, slowest.length - 1)];
    const whole = (ms) => (ms >= 0 ? Math.round(ms) : undefined);
    const metadata = {
      ttfb_ms: whole(ttfb),
      fcp_ms: whole(fcp),
      lcp_ms: whole(lcp),
      inp_ms: whole(interaction?.ms),
      cls: measuresShifts ? Math.round(cls * 1e4) / 1e4 : undefined,
    };
    record("web_vitals", metadata, place);
    values = null;
    painting = false;
  };

  begins.push(quiet(begin));
  ends.push(quiet(end));
};
