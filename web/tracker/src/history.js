// Views within one document: each change of its URL begins one, once the page is seen.
import { d, data, isOn, listen, quiet, w } from "./page.js";
import { flush } from "./delivery.js";
import { leaves } from "./engagement.js";
import { lookForNotFound } from "./not_found.js";
import { begin, begins, end, ends, place, tell } from "./views.js";

const START_MS_MAX = 1e3;
const TITLE_MS_MAX = 1e3;
const POLL_MS = 50;

let from; // the URL of this view, as it was replaced meanwhile
let isStart = true; // the router may still be finding the URL that it wants

// A page that replaces its URL by another spelling is normalizing it, or saves in the query what is typed into a field.
const isOther = (replaces) => {
  const [[page, fragment], [pageThen, fragmentThen]] = [location.href, from].map((url) =>
    (replaces ? url.replace(/\?[^#]*|\/+(index\.\w+)?(?=[?#]|$)/g, "").toLowerCase() : url).split("#"),
  );
  if (page !== pageThen) return true;
  return isOn(data.hash) && fragment !== fragmentThen && (!replaces || (fragment && fragmentThen));
};

let tellNow; // records the view whose title is awaited
// The title follows the URL, if it changes at all. `before` is the title of the page that was left.
const tellLater = (before) => {
  let polls = TITLE_MS_MAX / POLL_MS;
  const timer = setInterval(() => {
    const { title } = d;
    if ((title && title !== before && title === place.page_title) || !--polls) tellNow();
    else place.page_title = title;
  }, POLL_MS);
  tellNow = () => {
    clearInterval(timer);
    tellNow = 0;
    tell();
    lookForNotFound();
    flush();
  };
};

const moved = quiet((replaces) => {
  if (!place) return;
  const { title } = d;
  if (isOther(replaces)) {
    if (tellNow) place.page_title = title;
    leaves(true);
  }
  // Deferred, so that several changes in one task count once.
  setTimeout(
    quiet(() => {
      const { page_url } = place;
      const isView = isOther(replaces) && !(replaces && isStart);
      if (isView && d.hidden) return;
      from = location.href;
      if (!isView) return leaves(false);
      isStart = false;
      end(true);
      begin(0, page_url, () => tellLater(title));
    }),
  );
});

export const history = () => {
  const pushed = () => moved();
  begins.push(() => (from = location.href));
  ends.push((hasMoved) => {
    if (!tellNow) return;
    if (!hasMoved) place.page_title = d.title;
    tellNow();
  });
  setTimeout(() => (isStart = false), START_MS_MAX);
  listen(d, "visibilitychange", () => d.hidden || pushed());
  if (w.navigation) return listen(w.navigation, "currententrychange", (e) => moved(e.navigationType === "replace"));
  listen(w, "popstate", pushed); // also a change of the fragment
  ["pushState", "replaceState"].forEach(
    quiet((name) => {
      const original = w.history[name];
      w.history[name] = function () {
        const answer = original.apply(this, arguments);
        moved(name === "replaceState");
        return answer;
      };
    }),
  );
};
