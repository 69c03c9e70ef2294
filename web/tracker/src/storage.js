// localStorage if available, otherwise the tab's storage, otherwise this page's memory.
import { attempt, quiet } from "./page.js";

const areas = [attempt(() => localStorage), attempt(() => sessionStorage)];
const spare = {};

export const drop = (key) => {
  delete spare[key];
  areas.forEach(quiet((area) => area.removeItem(key)));
};
export const keep = (key, value) => {
  drop(key); // an old value in one area must not hide the new one in another
  if (!areas.some(quiet((area) => (area.setItem(key, value), true)))) spare[key] = value;
};
export const read = (key) => spare[key] || areas.map(quiet((area) => area.getItem(key))).find(Boolean);
export const keys = (prefix) =>
  [spare, ...areas]
    .flatMap((area) => Object.keys(area || {}))
    .filter((key) => key.startsWith(prefix))
    .sort();
