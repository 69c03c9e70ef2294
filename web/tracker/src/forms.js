// Submitted forms: which form it was, and nothing of its contents.
import { cut, d, listen } from "./page.js";
import { record } from "./queue.js";
import { flush } from "./delivery.js";

export const forms = () =>
  listen(d, "submit", ({ target }) => {
    // Read the attributes, because a field named id or action hides the form's property.
    const says = (name) => target.getAttribute(name);
    const form = says("id") || says("name") || new URL(says("action") || "", location).pathname;
    record("form_submit", { form: cut(form, 200) });
    flush();
  });
