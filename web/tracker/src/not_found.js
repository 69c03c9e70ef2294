// The page says that it stands for one that is not there.
import { d, data, quiet } from "./page.js";
import { record } from "./queue.js";
import { begins } from "./views.js";

export const notFound = () => {
  let says = data.notFound !== undefined; // of the document as it was served
  begins.push(
    quiet((restored) => {
      if (!restored && (says || d.querySelector("meta[name=footfall][content=not-found]"))) record("page_not_found", {});
      says = false;
    }),
  );
};
