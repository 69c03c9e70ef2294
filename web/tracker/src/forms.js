// Forms that are sent: which, and nothing of what was written into them.
import { cut, d, listen } from "./page.js";
import { record } from "./queue.js";
import { flush } from "./delivery.js";

export const forms = () =>
  listen(d, "submit", ({ target }) => {
    // A field may be named id or action, so the attributes are asked.
    const says = (name) => target.getAttribute(name);
    const form = says("id") || says("name") || new URL(says("action") || "", location).pathname;
    record("form_submit", { form: cut(form, 200) });
    flush();
  });
