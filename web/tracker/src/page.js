// What the page and its script tag provide. All of it is read when the script starts: a page may patch built-ins later.
export const w = window;
export const d = document;
export const { stringify, parse } = JSON;
const getAttribute = FULL && Element.prototype.getAttribute;
const matches = FULL && Element.prototype.matches;

// No exception may reach the page.
export const quiet = (f) => (...args) => {
  try {
    return f(...args);
  } catch {}
};
export const attempt = (f) => quiet(f)();

// An element with the id "footfall" is no property of the window's own.
export const page = ((!FULL || w.hasOwnProperty("footfall")) && w.footfall) || {};

// A module has no tag, and a tag manager may lose attributes: then window.footfall or the query of the address say it.
const script = d.currentScript || {};
const from = new URL(script.src || location.origin);
export const data = { ...page, ...Object.fromEntries(from.searchParams), ...script.dataset };
export const endpoint = new URL(data.endpoint || "/analytics", from).href;
// An attribute without a value is on; a member of window.footfall says true or false.
export const isOn = (option) => !/^false$/.test(option ?? "false");
// Any other URL may contain a person's address, or a whole document.
export const isHttp = (url) => /^http/.test(url);
// A frame that a page has written, which may have that page's URL, a file, or a sandbox: not a page that can be opened.
export const nowhere = !isHttp(location) || (FULL && !isHttp(w.frameElement?.src ?? location)) || w.origin === "null";

export const listen = (target, name, f) => target.addEventListener(name, quiet(f), true);
// Truncates text to what the collector accepts, or to a useful length.
export const cut = (text, chars = 100) => String(text).slice(0, chars);
// FULL: a field of a form hides the form's own member of that name, so neither is called on the form itself.
export const says = (element, name) => (FULL ? getAttribute.call(element, name) : element.getAttribute(name));
// The innermost node of an event's path, also inside of open shadow roots, that the selector matches.
export const find = (path, selector) =>
  path.find(quiet((node) => (FULL ? matches.call(node, selector) : node.matches(selector))));
