// Submitted forms: which form it was, and nothing of its contents.
import { attempt, cut, d, isHttp, listen, quiet, says } from "./page.js";
import { declare } from "./declared.js";
import { record } from "./queue.js";
import { flush } from "./delivery.js";

// Added to a root once, however often.
const submitted = quiet(({ target }) => {
  const action = new URL(says(target, "action") || "", d.baseURI);
  const form = says(target, "id") || says(target, "name") || (isHttp(action) ? action.pathname : action.protocol);
  record("form_submit", { form: cut(form, 200) });
  declare([target]);
  flush();
});

// A submit event does not leave its shadow root, but what leads to it does: a click, or the focus of a field.
const watchRoots = (e) =>
  e.composedPath().forEach((root) => root instanceof ShadowRoot && root.addEventListener("submit", submitted, true));

export const forms = () => {
  d.addEventListener("submit", submitted, true);
  listen(d, "click", watchRoots);
  listen(d, "focusin", watchRoots);
};
