// Compiles only if the declarations match what the tracker does: npm run types.
/// <reference path="../tracker/footfall.d.ts" />

window.footfall.track("order", { items: 2, paid: true, list: ["a"] });
window.footfall.track("seen");
window.footfall.identify("ada");
window.footfall.identify(null);
window.footfall.identify();
window.footfall.optOut();
window.footfall.optIn();
const out: boolean = window.footfall.optedOut();
window.addEventListener("footfall:sent", ({ detail }) => {
  const { event, status, eventId } = detail;
  const told: [string, number, string, boolean] = [event.event_type, status, eventId, out];
  console.log(told, event.metadata["items"]);
});

// @ts-expect-error an event needs a name
window.footfall.track();
// @ts-expect-error properties must be an object
window.footfall.track("order", 2);
// @ts-expect-error an id must be a string
window.footfall.identify(7);
