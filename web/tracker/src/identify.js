// The site's own id of the user: on every event, on every page, until it is cleared.
import { cut, quiet, w } from "./page.js";
import { isOut } from "./consent.js";
import { common } from "./queue.js";
import { drop, keep, read } from "./storage.js";

const USER = "footfall.user";

export const identify = () => {
  Object.defineProperty(common, "user_id", { enumerable: true, get: () => read(USER) });
  w.footfall.identify = quiet((id) => {
    drop(USER);
    if (id && !isOut()) keep(USER, cut(id, 200));
  });
};
