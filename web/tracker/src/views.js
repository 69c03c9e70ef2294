// A view begins when a page is shown, also from the back-forward cache; history.js adds changes of the URL. It ends when
// it is first hidden.
import { d, listen, w } from "./page.js";
import { record } from "./queue.js";
import { flush, handOver, retry } from "./delivery.js";

// Callbacks for the beginning of a view (with the pageshow event if the page was restored), and for each possible end.
export const begins = [];
export const ends = [];

export let view;

export const begin = (restored, referrer = d.referrer) => {
  view = {
    shownMs: performance.now(),
    // For events of this view that are recorded after the URL has changed.
    place: { page_url: location.href, page_title: d.title, referrer },
  };
  record("page_view", { referrer, screen_width: screen.width, screen_height: screen.height }, { referrer });
  begins.forEach((f) => f(restored));
  flush();
};

export const end = (place) => {
  if (!view) return;
  ends.forEach((f) => f(place));
  if (view.shownMs) record("page_unload", { time_on_page: Math.round(performance.now() - view.shownMs) }, place);
  view.shownMs = 0; // it has ended
};

const leave = () => {
  end();
  handOver();
};

export const watch = () => {
  listen(d, "visibilitychange", () => (d.hidden ? leave() : flush()));
  listen(w, "pagehide", leave);
  listen(w, "pageshow", (e) => e.persisted && begin(e));
  listen(w, "online", retry);
  const first = () => d.prerendering || begin();
  listen(d, "prerenderingchange", first);
  first();
};
