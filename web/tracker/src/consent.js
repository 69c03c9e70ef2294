// A visitor who asks not to be tracked, through the browser or optOut, leaves no trace except that choice.
import { nowhere, w } from "./page.js";
import { drop, keep, keys, read } from "./storage.js";

const OUT = "footfall.out";

export const refused = navigator.doNotTrack === "1" || w.doNotTrack === "1" || navigator.globalPrivacyControl;
export const isOut = () => !!(nowhere || refused || read(OUT));
export const forget = () => keys("footfall").forEach(drop);
export const leaveOut = () => {
  forget();
  keep(OUT, "1");
};
export const takeIn = () => drop(OUT);
