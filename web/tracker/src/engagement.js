// How far a view was scrolled, and for how long it was visible.
import { d, listen } from "./page.js";
import { record } from "./queue.js";
import { begins, ends, place } from "./views.js";

let deepest; // pixels
let height; // of the page, when it was last measured; 0: not yet
let isLeft; // what is on the page now may be the next view
let shownMs; // when it was last shown; 0 while it is not

const shown = () => (shownMs = d.hidden || isLeft ? 0 : performance.now());
const look = () => {
  if (isLeft) return;
  deepest = Math.max(deepest, scrollY + innerHeight);
  height = d.documentElement.scrollHeight || 1;
};

// The URL becomes another page's, before the page does; or that began no view. A page that was measured may have been
// replaced before its URL.
export const leaves = (isLeaving) => {
  height || look();
  isLeft = isLeaving;
};

export const engagement = () => {
  begins.push(() => {
    deepest = height = isLeft = 0;
    shown();
  });
  ends.push((moved) => {
    if (!shownMs) return;
    if (!moved) look();
    const scroll_percent = Math.min(Math.round((deepest / height) * 100), 100);
    record("engagement", { scroll_percent, engaged_ms: Math.round(performance.now() - shownMs) }, place, 0);
    shownMs = 0;
  });
  listen(d, "scroll", look);
  listen(d, "click", look);
  listen(d, "visibilitychange", () => d.hidden || shown());
};
