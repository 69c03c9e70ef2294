// What the page and its script tag say. Everything here is taken when the script starts: a page may bend it later.
export const w = window;
export const d = document;
export const { stringify, parse } = JSON;

// No failure may reach the page.
export const quiet = (f) => (...args) => {
  try {
    return f(...args);
  } catch (e) {}
};
export const attempt = (f) => quiet(f)();

const script = d.currentScript || {};
export const data = script.dataset || {};
export const endpoint = attempt(() => new URL(data.endpoint || "/analytics", script.src || location).href);

export const listen = (target, name, f) => target.addEventListener(name, quiet(f), true);
// Text in a field is as long as the collector takes it, or is of use.
export const cut = (text, chars = 100) => String(text).slice(0, chars);
