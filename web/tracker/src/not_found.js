// The page declares that it is shown in place of one that does not exist.
import { d, data, quiet } from "./page.js";
import { record } from "./queue.js";
import { begins } from "./views.js";

export const notFound = () => {
  let says = data.notFound !== undefined; // applies only to the document's first view
  begins.push(
    quiet((restored) => {
      if (!restored && (says || d.querySelector("meta[name=footfall][content=not-found]"))) record("page_not_found", {});
      says = false;
    }),
  );
};
