// The log "What was sent": what the tracker reports, kept for the browser session, so that it survives the way from
// one page to the other. Loaded before the tracker, as the first page_view is reported while that starts.
(() => {
  "use strict";
  const KEY = "demo:log";
  const ENTRIES_MAX = 60;
  const list = document.getElementById("log-entries");
  const rows = new Map();

  const load = () => {
    try {
      return JSON.parse(sessionStorage.getItem(KEY)) || [];
    } catch (error) {
      return []; // storage is blocked: the log lasts as long as the page
    }
  };
  const save = () => {
    try {
      sessionStorage.setItem(KEY, JSON.stringify(entries));
    } catch (error) {
      // as above
    }
  };
  const entries = load(); // oldest first: {id, type, time, status, answered}

  const element = (name, className) => Object.assign(document.createElement(name), { className });

  const judge = ({ status, answered }) => {
    if (!answered) return ["waiting", status ? `${status} waiting` : "waiting"];
    return status < 300 ? ["kept", `${status} kept`] : ["refused", `${status} refused`];
  };

  const show = (entry) => {
    let row = rows.get(entry.id);
    if (!row) {
      row = element("li", "entry");
      const type = element("span", "type");
      type.textContent = entry.type;
      const time = element("time", "");
      time.dateTime = entry.time;
      time.textContent = new Date(entry.time).toLocaleTimeString("en-GB");
      const id = element("span", "id");
      id.textContent = entry.id;
      row.append(type, time, element("span", "status"), id);
      row.dataset.eventId = entry.id;
      rows.set(entry.id, row);
      list.prepend(row);
    }
    const [className, words] = judge(entry);
    const status = row.querySelector(".status");
    status.className = `status ${className}`;
    status.textContent = words;
  };

  const count = () => {
    const waiting = entries.filter((entry) => !entry.answered).length;
    document.getElementById("log-empty").hidden = entries.length > 0;
    if (!entries.length) return;
    const words = `${entries.length} event${entries.length > 1 ? "s" : ""}`;
    document.getElementById("log-count").textContent = waiting ? `${words}, ${waiting} waiting` : words;
  };

  const report = (answered) => ({ detail }) => {
    let entry = entries.find((known) => known.id === detail.eventId);
    if (!entry) {
      entry = { id: detail.eventId, type: detail.event.event_type, time: detail.event.timestamp };
      entries.push(entry);
      for (const old of entries.splice(0, Math.max(0, entries.length - ENTRIES_MAX))) {
        const row = rows.get(old.id);
        if (row) row.remove();
        rows.delete(old.id);
      }
    }
    Object.assign(entry, { status: detail.status, answered });
    save();
    show(entry);
    count();
  };

  window.addEventListener("footfall:queued", report(false));
  window.addEventListener("footfall:sent", report(true));

  if (navigator.doNotTrack === "1" || window.doNotTrack === "1" || navigator.globalPrivacyControl) {
    document.getElementById("log-count").textContent = "Off";
    document.getElementById("log-empty").textContent = "Your browser asks not to be tracked, so nothing is sent and nothing is stored.";
  }
  entries.forEach(show);
  count();
})();
