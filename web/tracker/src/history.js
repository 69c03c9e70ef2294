// Views within one document: each change of its URL begins one.
import { data, listen, quiet, w } from "./page.js";
import { begin, end, view } from "./views.js";

// A page that only replaces its query is normalizing its URL or saving what is typed into a field: that is not a new view.
const address = (url, replaces) => {
  const within = data.hash === undefined ? url.split("#")[0] : url;
  return replaces ? within.replace(/\?[^#]*/, "") : within;
};

// Deferred, so that the page has its new title by then and several changes in one task count once.
const moved = (replaces) =>
  setTimeout(
    quiet(() => {
      const from = view.place;
      if (address(location.href, replaces) === address(from.page_url, replaces)) return;
      end(from);
      begin(0, from.page_url);
    }),
  );

export const history = () => {
  const pushed = () => moved(false);
  if (w.navigation) return listen(w.navigation, "currententrychange", (e) => moved(e.navigationType === "replace"));
  listen(w, "popstate", pushed);
  listen(w, "hashchange", pushed);
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
