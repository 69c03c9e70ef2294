// The site's own id of the user: on every event, on every page, until it is cleared.
import { cut, quiet, w } from "./page.js";
import { isOut } from "./consent.js";
import { USER } from "./queue.js";
import { drop, keep } from "./storage.js";

export const identify = () => {
  w.footfall.identify = quiet((id) => {
    drop(USER);
    if (id && Object(id) !== id && !isOut()) keep(USER, cut(id, 200));
  });
};
