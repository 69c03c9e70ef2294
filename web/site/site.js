// The log "What was sent": what the tracker reports, kept for the browser session, so that it survives navigation.
// Loaded before the tracker, which reports the first page_view as it starts.
window.footfall = window.footfall || { q: [], optedOut: () => false };
for (const name of ["track", "identify", "optOut", "optIn"])
  window.footfall[name] = (...given) => window.footfall.q.push([name, given]); // until the tracker has loaded

(() => {
  "use strict";
  const KEY = "demo:log";
  const ENTRIES_MAX = 60;
  const box = document.getElementById("log-box");
  const list = document.getElementById("log-entries");
  const rows = new Map();

  const load = () => {
    try {
      return JSON.parse(sessionStorage.getItem(KEY)) || [];
    } catch (error) {
      return []; // storage is blocked: the log is lost with the page
    }
  };
  const save = () => {
    try {
      sessionStorage.setItem(KEY, JSON.stringify(entries));
    } catch (error) {
      // as above
    }
  };
  let entries = load(); // oldest first: {event, status, answered, ms}

  const element = (name, className, text = "") => Object.assign(document.createElement(name), { className, textContent: text });

  const judge = ({ status, answered }) => {
    if (!answered) return ["waiting", status ? `${status} waiting` : "waiting"];
    return status < 300 ? ["kept", `${status} kept`] : ["refused", `${status} refused`];
  };
  const answer = ({ status, answered, ms }) => {
    if (!answered) return "No answer yet: it is kept in this browser.";
    return `Answered with ${status} after ${ms < 1000 ? `${ms} ms` : `${Math.round(ms / 1000)} s`}.`;
  };

  // What distinguishes this event from others of its type.
  const gist = ({ event_type, page_url, button_id, metadata = {} }) => {
    if (event_type === "button_click") return button_id;
    if (event_type === "engagement") return `${metadata.scroll_percent}% seen, ${(metadata.engaged_ms / 1000).toFixed(1)} s`;
    if (event_type === "page_unload") return `after ${(metadata.time_on_page / 1000).toFixed(1)} s`;
    if (event_type === "web_vitals") return `LCP ${metadata.lcp_ms ?? "unknown"} ms, CLS ${metadata.cls ?? "unknown"}`;
    if (event_type === "page_view" || event_type === "page_not_found") return new URL(page_url).pathname;
    return String(metadata.destination || metadata.url || metadata.form || Object.entries(metadata).map((pair) => pair.join(" ")).join(", "));
  };

  const makeRow = (entry) => {
    const { event } = entry;
    const row = element("li", "entry");
    const details = element("details", "");
    const summary = element("summary", "");
    const time = element("time", "", new Date(event.timestamp).toLocaleTimeString("en-GB"));
    time.dateTime = event.timestamp;
    summary.append(
      element("span", "type", event.event_type),
      time,
      element("span", "status"),
      element("span", "gist", gist(event)),
    );
    const text = element("pre", "", JSON.stringify(event, null, 1));
    text.tabIndex = 0;
    details.append(summary, element("p", "answer hint"), text);
    row.append(details);
    row.dataset.eventId = event.event_id;
    return row;
  };

  const show = (entry) => {
    const id = entry.event.event_id;
    if (!rows.has(id)) {
      rows.set(id, makeRow(entry));
      list.prepend(rows.get(id));
    }
    const row = rows.get(id);
    const [className, words] = judge(entry);
    Object.assign(row.querySelector(".status"), { className: `status ${className}`, textContent: words });
    row.querySelector(".answer").textContent = answer(entry);
  };

  const count = () => {
    const waiting = entries.filter((entry) => !entry.answered).length;
    document.getElementById("log-empty").hidden = entries.length > 0;
    box.hidden = !entries.length;
    if (!entries.length) return;
    const words = `${entries.length} event${entries.length > 1 ? "s" : ""}`;
    document.getElementById("log-count").textContent = waiting ? `${words}, ${waiting} waiting` : words;
  };

  const report = (answered) => ({ detail }) => {
    let entry = entries.find(({ event }) => event.event_id === detail.eventId);
    if (!entry) {
      entry = { event: detail.event };
      entries.push(entry);
      for (const { event } of entries.splice(0, Math.max(0, entries.length - ENTRIES_MAX))) {
        rows.get(event.event_id)?.remove();
        rows.delete(event.event_id);
      }
    }
    const ms = Math.max(Date.now() - Date.parse(detail.event.timestamp), 0);
    Object.assign(entry, { status: detail.status, answered, ms });
    save();
    show(entry);
    count();
  };

  // Restored from the back-forward cache: other pages have written entries meanwhile.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    entries = load();
    rows.clear();
    list.replaceChildren();
    entries.forEach(show);
    count();
  });
  window.addEventListener("footfall:queued", report(false));
  window.addEventListener("footfall:sent", report(true));

  for (const link of document.querySelectorAll("a.grafana")) link.href = `http://${location.hostname}:3000/`;

  if (navigator.doNotTrack === "1" || window.doNotTrack === "1" || navigator.globalPrivacyControl) {
    document.getElementById("log-count").textContent = "Off";
    document.getElementById("log-empty").textContent = "Your browser asks not to be tracked, so nothing is sent and nothing is stored.";
  }
  entries.forEach(show);
  count();
})();
