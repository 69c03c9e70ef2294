// Views within one document: its address changes, by whatever way.
import { data, listen, quiet, w } from "./page.js";
import { begin, end, view } from "./views.js";

const address = (url) => (data.hash === undefined ? url.split("#")[0] : url);

// Later, when the page has its new title, and once for several changes at once.
const moved = () =>
  setTimeout(
    quiet(() => {
      const from = view.place;
      if (address(location.href) === address(from.page_url)) return;
      end(from);
      begin(0, from.page_url);
    }),
  );

export const history = () => {
  if (w.navigation) return listen(w.navigation, "currententrychange", moved);
  listen(w, "popstate", moved);
  listen(w, "hashchange", moved);
  ["pushState", "replaceState"].forEach(
    quiet((name) => {
      const original = w.history[name];
      w.history[name] = function () {
        const answer = original.apply(this, arguments);
        moved();
        return answer;
      };
    }),
  );
};
