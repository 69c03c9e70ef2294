// Buttons and links.
import { cut, d, find, isHttp, listen, says } from "./page.js";
import { isDownload } from "./downloads.js";
import { record } from "./queue.js";
import { flush } from "./delivery.js";

const BUTTONS = "[data-track],button[id],[role=button][id],[type=button][id],[type=submit][id]";
const PARTS = "[data-section],section[id],main,nav,header,footer,aside";

const click = (e) => {
  const path = e.composedPath();
  const button = find(path, BUTTONS);
  const link = find(path, ":any-link");
  if (button && !e.button) {
    const part = find(path.slice(path.indexOf(button)), PARTS);
    const page_section = part ? says(part, "data-section") || says(part, "id") || part.localName : "page";
    record("button_click", { page_section }, { button_id: cut(says(button, "id") || says(button, "data-track")) });
  }
  if (link && e.button < 2) {
    const to = new URL(link.href.baseVal ?? link.href, d.baseURI);
    const isPlace = isHttp(to);
    const url = isPlace ? cut(to, 500) : to.protocol;
    // The text of a link in a component is often in the page, in the component's slot.
    const text = link.textContent.trim() || says(link, "aria-label") || e.target.textContent;
    const link_text = cut(text.trim().replace(/\s+/g, " "));
    if (FULL && isDownload(link, to)) record("file_download", { url });
    else if (isPlace && to.host !== location.host) record("outbound_click", { url, link_text });
    else record("navigation_click", { destination: url, link_text });
  }
  flush();
};

export const watchClicks = () => {
  listen(d, "click", click);
  listen(d, "auxclick", click); // middle button
};
