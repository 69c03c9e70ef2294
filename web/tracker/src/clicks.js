// Buttons and links.
import { cut, d, listen } from "./page.js";
import { record } from "./queue.js";
import { flush } from "./delivery.js";

const BUTTONS = "[data-track],button[id],[role=button][id],[type=button][id],[type=submit][id]";
// Each takes a link and its URL, full and truncated, and returns whether it recorded the click as another event type.
export const kinds = [];

const click = (e) => {
  const button = e.target.closest(BUTTONS);
  const link = e.target.closest("a[href]");
  if (button && !e.button) {
    const part = button.closest("[data-section],section[id],main,nav,header,footer,aside");
    const page_section = part ? part.dataset.section || part.id || part.localName : "page";
    record("button_click", { page_section }, { button_id: cut(button.id || button.dataset.track) });
  }
  if (link && e.button < 2) {
    const to = new URL(link.href.baseVal || link.href, location);
    const url = cut(to, 500);
    const link_text = cut((link.textContent.trim() || link.ariaLabel || "").replace(/\s+/g, " "));
    if (!kinds.some((kind) => kind(link, to, url))) {
      if (to.host && to.host !== location.host) record("outbound_click", { url, link_text });
      else record("navigation_click", { destination: url, link_text });
    }
  }
  flush();
};

export const watchClicks = () => {
  listen(d, "click", click);
  listen(d, "auxclick", click); // middle button
};
