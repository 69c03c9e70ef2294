// What both scripts do: take the calls that came before, then watch.
import { attempt, cut, quiet, w } from "./page.js";
import { forget, isOut, leaveOut, refused, takeIn } from "./consent.js";
import { record } from "./queue.js";
import { flush } from "./delivery.js";
import { begin, watch } from "./views.js";
import { watchClicks } from "./clicks.js";

export const start = (...extras) =>
  attempt(() => {
    const page = (w.footfall = w.footfall || {});
    const calls = page.q || [];
    if (page.track && !page.q) return; // it runs already
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
  });
