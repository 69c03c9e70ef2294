// Web vitals as web.dev defines them, once per view, when it is first hidden or left. Values that the browser does not
// measure, or measured after the page was hidden, are left out.
import { attempt, d, quiet } from "./page.js";
import { record } from "./queue.js";
import { begins, ends, place } from "./views.js";

const SHIFTS_GAP_MS = 1e3;
const SHIFTS_WINDOW_MS = 5e3;
const INTERACTIONS_PER_OUTLIER = 50; // one in 50 is left out: the 98th percentile
const DURATION_MS_MIN = 16; // the browser does not report shorter events

export const vitals = () => {
  let values; // of this view; null once they are recorded
  let painting; // whether paints count: only for the document's first view
  let shifts; // the sum of the window of layout shifts, of which these were the first and the last
  let firstMs;
  let lastMs;
  let interactions; // of this view: id -> ms
  let interactionsBefore;
  let activation; // when a prerendered page was shown
  const beganHidden = d.hidden; // also if it is prerendered
  const observers = [];

  const observe = (type, take, options) =>
    attempt(() => {
      // A browser that does not know the type writes a warning to the console.
      if (!PerformanceObserver.supportedEntryTypes.includes(type)) return;
      const each = quiet((entries) => values && entries.forEach(take));
      const observer = new PerformanceObserver((list) => each(list.getEntries()));
      observer.observe({ type, buffered: true, ...options });
      observers.push(() => each(observer.takeRecords()));
      return true;
    });
  const since = (ms) => Math.round(Math.max(ms - activation, 0));
  const painted = (name, { startTime }) => {
    if (painting) values[name] = since(startTime);
  };
  const shifted = ({ hadRecentInput, startTime, value }) => {
    if (hadRecentInput) return;
    if (!(startTime - lastMs < SHIFTS_GAP_MS && startTime - firstMs < SHIFTS_WINDOW_MS)) {
      shifts = 0;
      firstMs = startTime;
    }
    lastMs = startTime;
    shifts += value;
    values.cls = Math.max(values.cls, shifts);
  };
  const interacted = ({ interactionId: id, duration }) => {
    if (id) interactions[id] = Math.max(interactions[id] || 0, duration);
  };

  let measuresShifts;
  const first = ([navigation = {}], states) => {
    activation = navigation.activationStart || 0;
    painting =
      (!beganHidden || activation) && !states.some(({ name, startTime }) => name === "hidden" && startTime >= activation);
    if (navigation.responseStart > 0) values.ttfb_ms = since(navigation.responseStart);
    observe("paint", (entry) => entry.name === "first-contentful-paint" && painted("fcp_ms", entry));
    observe("largest-contentful-paint", (entry) => painted("lcp_ms", entry));
    measuresShifts = observe("layout-shift", shifted);
    observe("event", interacted, { durationThreshold: DURATION_MS_MIN });
    observe("first-input", interacted);
  };

  begins.push((restored) => {
    const isFirst = !interactions;
    values = { cls: 0 };
    lastMs = NaN;
    interactions = {};
    interactionsBefore = performance.interactionCount;
    if (isFirst) first(performance.getEntriesByType("navigation"), performance.getEntriesByType("visibility-state"));
    else if (restored) {
      values.ttfb_ms = 0;
      const frame = requestAnimationFrame;
      const seen = () => values && (values.fcp_ms = values.lcp_ms = Math.round(performance.now() - restored.timeStamp));
      frame(() => frame(seen));
    }
  });

  ends.push(() => {
    if (!values) return;
    observers.forEach((take) => take());
    const outliers = Math.floor((performance.interactionCount - interactionsBefore) / INTERACTIONS_PER_OUTLIER);
    const slowest = Object.values(interactions).sort((a, b) => b - a);
    if (slowest[0]) values.inp_ms = Math.round(slowest[Math.min(outliers, slowest.length - 1)]);
    values.cls = measuresShifts && Math.round(values.cls * 1e4) / 1e4;
    record("web_vitals", values, place, 0);
    values = null;
    painting = false;
  });
};
