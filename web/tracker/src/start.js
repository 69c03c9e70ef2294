// What both scripts do: make the calls that were queued before the start, then watch.
import { attempt, cut, nowhere, page, parse, quiet, stringify, w } from "./page.js";
import { forget, isOut, leaveOut, refused, takeIn } from "./consent.js";
import { plain } from "./json.js";
import { record } from "./queue.js";
import { flush } from "./delivery.js";
import { begin, watch } from "./views.js";
import { watchClicks } from "./clicks.js";

const calls = page.q || [];
const isRunning = page.track && !page.q;
const api = {
  track(name, properties) {
    const metadata = FULL
      ? plain(properties)
      : attempt(() => parse(stringify({ ...properties }))) || { left_out: Object.keys(properties) };
    record(cut(name), metadata);
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

export const start = (more) => {
  if (!isRunning) {
    w.footfall = page;
    Object.keys(api).forEach((name) => (page[name] = quiet(api[name])));
    delete page.q;
    if (FULL) more();
    if (refused) nowhere || forget();
    else if (!nowhere) {
      calls.forEach(quiet(([name, args]) => page[name](...args)));
      watchClicks();
      watch();
    }
  }
};
