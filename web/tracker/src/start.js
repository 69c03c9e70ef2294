// What both scripts do: make the calls that were queued before the start, then watch.
import { cut, quiet, w } from "./page.js";
import { forget, isOut, leaveOut, refused, takeIn } from "./consent.js";
import { record } from "./queue.js";
import { flush } from "./delivery.js";
import { begin, watch } from "./views.js";
import { watchClicks } from "./clicks.js";

export const start = (...extras) => {
  const page = (w.footfall = w.footfall || {});
  const calls = page.q || [];
  if (page.track && !page.q) return; // already running
  const api = {
    track(name, properties) {
      record(cut(name), { ...properties });
      flush();
    },
    optOut: leaveOut,
    optIn() {
      if (refused || !isOut()) return;
      takeIn();
      begin();
    },
    optedOut: isOut,
  };
  for (const name in api) page[name] = quiet(api[name]);
  delete page.q;

  extras.forEach((extra) => extra());
  if (refused) return forget();
  calls.forEach(quiet(([name, args]) => page[name](...args)));
  watchClicks();
  watch();
};
