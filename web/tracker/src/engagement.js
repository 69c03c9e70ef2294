// How far a view was scrolled, and for how long it was visible.
import { d, listen, quiet } from "./page.js";
import { record } from "./queue.js";
import { begins, ends } from "./views.js";

export const engagement = () => {
  let deepest; // pixels
  let shownMs; // when it was last shown; 0 while it is hidden
  const shown = () => (shownMs = d.hidden ? 0 : performance.now());
  const look = () => (deepest = Math.max(deepest, scrollY + innerHeight));

  begins.push(() => {
    deepest = 0;
    shown();
  });
  const measure = (place) => {
    if (!shownMs) return;
    look();
    const height = Math.max(d.documentElement.scrollHeight, 1);
    const scroll_percent = Math.min(Math.round((deepest / height) * 100), 100);
    record("engagement", { scroll_percent, engaged_ms: Math.round(performance.now() - shownMs) }, place);
    shownMs = 0;
  };
  ends.push(quiet(measure));
  listen(d, "scroll", look);
  listen(d, "visibilitychange", () => d.hidden || shown());
};
