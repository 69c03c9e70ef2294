// A view begins when a page is first seen, also from the back-forward cache; history.js adds changes of the URL. It ends
// when it is first hidden.
import { d, listen, quiet, w } from "./page.js";
import { record, stamp } from "./queue.js";
import { flush, handOver, retry } from "./delivery.js";

// Callbacks for the beginning of a view, with the first and last argument of `begin`, and for each possible end, with
// whether the URL has changed.
export const begins = [];
export const ends = [];

// FULL: when the view began, and what its events say, also those that are recorded after the URL has changed.
let beginMs;
export let place;
let due; // begins the view of a page that was not seen yet
let shownMs = 0; // 0: the view has ended

export const tell = () =>
  record(
    "page_view",
    { referrer: FULL ? place.referrer : d.referrer, screen_width: screen.width, screen_height: screen.height },
    ...(FULL ? [place, beginMs] : []),
  );

// FULL: `restored` is the pageshow event of the back-forward cache; `later` is called instead of `tell`.
export const begin = (restored, referrer = d.referrer, later) => {
  due = () => {
    due = 0;
    shownMs = performance.now();
    if (FULL) {
      beginMs = stamp();
      place = { page_url: location.href, page_title: d.title, referrer };
    }
    (FULL && later ? later : tell)();
    if (FULL) begins.forEach(quiet((f) => f(restored, later)));
    flush();
  };
  d.hidden || due(); // a page that is only prerendered is hidden, too
};

export const end = (moved) => {
  if (FULL) place && ends.forEach(quiet((f) => f(moved)));
  if (shownMs)
    record("page_unload", { time_on_page: Math.round(performance.now() - shownMs) }, FULL && place, 0);
  shownMs = 0;
};

const leave = () => {
  end();
  handOver();
};

export const watch = () => {
  listen(d, "visibilitychange", () => (d.hidden ? leave : due || flush)());
  listen(w, "pagehide", leave);
  listen(w, "pageshow", (e) => e.persisted && begin(e));
  listen(w, "online", retry);
  begin();
};
