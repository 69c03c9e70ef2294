// Replaces the page's fragments as they change. Without this script, the page is complete but must be reloaded by hand.
(() => {
  const state = document.getElementById("state");
  const address = document.body.dataset.events;
  const RETRY_MS = 15_000; // after EventSource has given up, because the server sent an error or did not answer
  let source, seen, retry;

  const say = (text, name) => {
    if (state.textContent === text) return;
    state.textContent = text;
    state.dataset.state = name;
  };

  // Open details, scroll positions and focus survive a replacement.
  const replace = (id, html) => {
    const element = document.getElementById(id);
    if (!element) return;
    const all = (selector) => [...element.querySelectorAll(selector)];
    const open = all("details[open]").map((details) => details.id);
    const scrolled = all(".scroll").map((box) => [box.scrollLeft, box.scrollTop]);
    const held = element.contains(document.activeElement) && document.activeElement;
    const kind = held && held.localName;
    const place = held && all(kind).indexOf(held);
    const name = held && held.getAttribute("href");
    element.innerHTML = html;
    for (const key of open) document.getElementById(key)?.setAttribute("open", "");
    all(".scroll").forEach((box, index) => scrolled[index] && box.scrollTo(...scrolled[index]));
    if (!held) return;
    const again = all(kind);
    (again.find((other) => name && other.getAttribute("href") === name) ?? again[place])?.focus({ preventScroll: true });
  };

  const start = () => {
    clearTimeout(retry);
    source?.close();
    source = new EventSource(seen ? address.replace(/seen=\d+$/, `seen=${seen}`) : address);
    source.onopen = () => say("Live", "live");
    source.onmessage = ({ data, lastEventId }) => {
      seen = lastEventId;
      for (const [id, html] of Object.entries(JSON.parse(data))) replace(id, html);
    };
    source.onerror = () => {
      say("Reconnecting", "away");
      if (source.readyState === EventSource.CLOSED) retry = setTimeout(start, RETRY_MS);
    };
  };
  // A hidden page keeps no connection open.
  const stop = () => {
    clearTimeout(retry);
    source?.close();
    source = undefined;
  };

  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : start()));
  addEventListener("pagehide", stop);
  addEventListener("pageshow", ({ persisted }) => persisted && start());
  if (!document.hidden) start();
})();
