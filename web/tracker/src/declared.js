// Events that the page declares in its HTML: data-footfall-event="name" data-footfall-prop-plan="pro". Those of forms are
// recorded by forms.js.
import { d, find, listen, says, w } from "./page.js";

const NAME = "data-footfall-event";
const PROPERTY = "data-footfall-prop-";
const { getAttributeNames } = Element.prototype;

export const declare = (path, not = "") => {
  const element = find(path, "[" + NAME + "]" + not);
  if (!element) return;
  const properties = {};
  for (const name of getAttributeNames.call(element))
    if (name.startsWith(PROPERTY)) properties[name.slice(PROPERTY.length)] = says(element, name);
  w.footfall.track(says(element, NAME), properties);
};

export const declared = () => listen(d, "click", (e) => e.button || declare(e.composedPath(), ":not(form)"));
