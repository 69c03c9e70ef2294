// Events that the page declares in its HTML: data-footfall-event="name" data-footfall-prop-plan="pro".
import { d, listen, w } from "./page.js";

const NAME = "data-footfall-event";
const PROPERTY = "data-footfall-prop-";

const declare = (element) => {
  if (!element) return;
  const properties = {};
  for (const { name, value } of element.attributes)
    if (name.startsWith(PROPERTY)) properties[name.slice(PROPERTY.length)] = value;
  w.footfall.track(element.getAttribute(NAME), properties);
};

export const declared = () => {
  listen(d, "click", (e) => e.button || declare(e.target.closest("[" + NAME + "]:not(form)")));
  listen(d, "submit", (e) => declare(e.target.closest("form[" + NAME + "]")));
};
