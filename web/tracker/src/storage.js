// localStorage if available, otherwise the tab's storage, otherwise this page's memory. Stores are read and written as
// plain objects.
import { attempt, quiet } from "./page.js";

const areas = [attempt(() => localStorage), attempt(() => sessionStorage), {}];

export const drop = (key) => areas.forEach(quiet((area) => delete area[key]));
export const keep = (key, value) => {
  drop(key); // an old value in one area must not hide the new one in another
  areas.some(quiet((area) => (area[key] = value)));
};
export const read = (key) => areas.map(quiet((area) => area[key])).find(Boolean);
export const keys = (prefix) =>
  areas
    .flatMap((area) => Object.keys(area || {}))
    .filter((key) => key.startsWith(prefix))
    .sort();
