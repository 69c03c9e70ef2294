// Footfall's tracker; see web/README.md. An event stays in localStorage, under a key of its own, until it is
// answered. So some are sent twice: the server knows them by event_id.
(() => {
  "use strict";
  // No failure may reach the page.
  const quiet = (f) => (...args) => {
    try {
      return f(...args);
    } catch (e) {}
  };
  const attempt = (f) => quiet(f)();

  attempt(() => {
    const EVENTS_MAX = 500;
    const AGE_MS_MAX = 7 * 864e5;
    const BODY_CHARS_MAX = 2e4; // keepalive's 64 KiB, 3 bytes a character
    const WAIT_MS_MAX = 6e4;
    const ANSWER_MS_MAX = 3e4;
    const SESSION = "footfall:session";
    const w = window;
    const d = document;
    if (w.footfall && w.footfall.track) return;
    const script = d.currentScript || {};
    const data = script.dataset || {};
    const endpoint = new URL(data.endpoint || "/analytics", script.src || location).href;
    const prefix = "footfall:" + endpoint + ":";

    const local = attempt(() => localStorage);
    const session = attempt(() => sessionStorage);
    const spare = {}; // what storage did not take

    const keys = () => {
      const all = Object.keys(spare).concat(attempt(() => Object.keys(local)) || []);
      return all.filter((key) => key.startsWith(prefix)).sort();
    };
    const drop = quiet((key) => {
      delete spare[key];
      local.removeItem(key);
    });

    if (navigator.doNotTrack === "1" || w.doNotTrack === "1" || navigator.globalPrivacyControl) {
      w.footfall = { track() {} };
      keys().forEach(drop);
      session.removeItem(SESSION);
      return;
    }

    // Version 7: sorts by time and tells the age. Plain http has no randomUUID.
    const uuid = (ms) => {
      const random = Array.from(crypto.getRandomValues(new Uint8Array(18)), (byte) => (byte % 16).toString(16)).join("");
      return (ms.toString(16).padStart(12, "0") + random).replace(/(.{8})(.{4})(...)(...)/, "$1-$2-7$3-8$4-");
    };

    const sessionId = attempt(() => session.getItem(SESSION)) || "session-" + Date.now() + "-" + uuid(0).slice(-6);
    attempt(() => session.setItem(SESSION, sessionId));

    const tell = (what, text, status) => {
      const event = JSON.parse(text);
      w.dispatchEvent(new CustomEvent("footfall:" + what, { detail: { event, status, eventId: event.event_id } }));
    };

    let lastMs = 0;
    const record = (event_type, metadata, button_id) => {
      lastMs = Math.max(Date.now(), lastMs + 1); // no two alike
      const event_id = uuid(lastMs);
      const text = JSON.stringify({
        event_id,
        event_type,
        timestamp: new Date(lastMs).toISOString(),
        page_url: location.href,
        page_title: d.title,
        button_id,
        session_id: sessionId,
        user_agent: navigator.userAgent,
        referrer: d.referrer,
        site: data.site,
        metadata,
      }).replace(/\\u(0000|d[89a-f]..)/g, "\\ufffd"); // NUL, half characters
      const key = prefix + event_id;
      try {
        local.setItem(key, text);
      } catch (e) {
        spare[key] = text;
      }
      keys().slice(0, -EVENTS_MAX).forEach(drop);
      tell("queued", text, 0);
    };

    let flying = []; // one request at a time keeps the order
    let handedOver = []; // to the browser, at leaving: they stay, as no answer comes
    let timer = 0;
    let failures = 0;

    const nextBatch = (except) => {
      const batch = [];
      let chars = 0;
      for (const key of keys()) {
        const text = spare[key] || local.getItem(key);
        if (Date.now() - parseInt(key.substr(prefix.length, 13).replace("-", ""), 16) > AGE_MS_MAX) drop(key);
        else if (text && !except.includes(key)) {
          chars += text.length;
          if (batch[0] && chars > BODY_CHARS_MAX) break;
          batch.push({ key, text });
        }
      }
      return batch;
    };
    const keysOf = (batch) => batch.map((item) => item.key);
    const bodyOf = (batch) => {
      const sent = '{"sent_at":"' + new Date().toISOString() + '",';
      const events = batch.map((item) => sent + item.text.slice(1)).join();
      return batch[1] ? '{"events":[' + events + "]}" : events;
    };

    const flush = () => send().catch(() => {});
    const send = async () => {
      if (flying[0] || timer) return;
      const batch = nextBatch([]);
      if (!batch[0]) return;
      flying = keysOf(batch);
      let status = 0;
      let waitMs = 0;
      let rejected = [];
      try {
        const answer = await fetch(endpoint, {
          method: "POST",
          headers: { "Content-Type": "text/plain" }, // no preflight
          credentials: "omit",
          keepalive: batch[0].text.length < BODY_CHARS_MAX,
          signal: w.AbortSignal && AbortSignal.timeout && AbortSignal.timeout(ANSWER_MS_MAX),
          body: bodyOf(batch),
        });
        status = answer.status;
        waitMs = answer.headers.get("Retry-After") * 1e3 || 0;
        rejected = [].concat((await answer.json()).rejected || []);
      } catch (e) {}
      flying = [];
      const keep = !status || status > 499 || status === 429 || status === 408;
      if (keep) {
        waitMs = Math.min(Math.max(waitMs, 500 * 2 ** failures++), WAIT_MS_MAX);
        timer = setTimeout(retry, waitMs * (1 + Math.random() / 2));
      } else failures = 0;
      batch.forEach((item, index) => {
        if (!keep) drop(item.key);
        tell(keep ? "queued" : "sent", item.text, rejected.some((r) => r.index === index) ? 400 : status);
      });
      flush();
    };
    const retry = () => {
      clearTimeout(timer);
      timer = 0;
      flush();
    };

    let shownMs, left;
    const view = quiet(() => {
      left = false;
      shownMs = performance.now();
      record("page_view", { referrer: d.referrer, screen_width: screen.width, screen_height: screen.height });
      flush();
    });
    const leave = () => {
      if (!left) record("page_unload", { time_on_page: Math.round(performance.now() - shownMs) });
      left = true;
      handedOver = handedOver.concat(flying);
      const batch = nextBatch(handedOver);
      if (batch[0] && navigator.sendBeacon(endpoint, bodyOf(batch))) handedOver = handedOver.concat(keysOf(batch));
    };

    const click = quiet((e) => {
      const button = e.target.closest("[data-track],button[id],[role=button][id],input[type=button][id],input[type=submit][id]");
      const link = e.target.closest("a[href]");
      if (button && !e.button) {
        const part = button.closest("[data-section],section[id],main,nav,header,footer,aside");
        const page_section = part ? part.dataset.section || part.id || part.localName : "page";
        record("button_click", { page_section }, (button.id || button.dataset.track).slice(0, 100));
      }
      if (link && e.button < 2) {
        const destination = String(link.href.baseVal || link.href).slice(0, 500);
        const link_text = (link.textContent.trim() || link.getAttribute("aria-label") || "").replace(/\s+/g, " ").slice(0, 100);
        record("navigation_click", { destination, link_text });
      }
      flush();
    });

    w.footfall = {
      track: quiet((name, properties) => {
        record(String(name).slice(0, 100), Object.assign({}, properties));
        flush();
      }),
    };
    d.addEventListener("click", click, true);
    d.addEventListener("auxclick", click, true); // middle button
    d.addEventListener("visibilitychange", quiet(() => (d.hidden ? leave() : flush())));
    w.addEventListener("pagehide", quiet(leave));
    w.addEventListener("pageshow", (e) => e.persisted && view());
    w.addEventListener("online", retry);
    if (d.prerendering) d.addEventListener("prerenderingchange", view);
    else view();
  });
})();
