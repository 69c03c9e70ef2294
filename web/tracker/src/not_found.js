// The page declares that it is shown in place of one that does not exist.
import { d, data, isOn } from "./page.js";
import { record } from "./queue.js";
import { begins } from "./views.js";

let says = isOn(data.notFound); // applies only to the document's first view

export const lookForNotFound = () => {
  if (says || d.querySelector("meta[name=footfall][content=not-found]")) record("page_not_found", {});
  says = false;
};
export const notFound = () => begins.push((restored, isLate) => restored || isLate || lookForNotFound());
