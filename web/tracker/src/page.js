// What the page and its script tag provide. All of it is read when the script starts: a page may patch built-ins later.
export const w = window;
export const d = document;
export const { stringify, parse } = JSON;

// No exception may reach the page.
export const quiet = (f) => (...args) => {
  try {
    return f(...args);
  } catch (e) {}
};
export const attempt = (f) => quiet(f)();

const script = d.currentScript || {};
export const data = script.dataset || {};
export const endpoint = new URL(data.endpoint || "/analytics", script.src || location).href;

export const listen = (target, name, f) => target.addEventListener(name, quiet(f), true);
// Truncates text to what the collector accepts, or to a useful length.
export const cut = (text, chars = 100) => String(text).slice(0, chars);
