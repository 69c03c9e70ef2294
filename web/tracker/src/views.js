// A view begins when a page is shown, also out of the back-forward cache; history.js adds that its address changes. It is
// left when it is first hidden.
import { d, listen, quiet, w } from "./page.js";
import { record } from "./queue.js";
import { flush, handOver, retry } from "./delivery.js";

// What else is done at the beginning (restored: the pageshow event), and each time it may be the end.
export const begins = [];
export const ends = [];

export let view;

export const begin = (restored, referrer = d.referrer) => {
  view = {
    shownMs: performance.now(),
    // For what is recorded of it when the address is another already.
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
  view.shownMs = 0; // it was left
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
