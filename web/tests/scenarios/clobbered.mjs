// A field of a form hides the form's own member of that name. What is clicked in the form and its submission count.
import assert from "node:assert/strict";
import { openHosted } from "../hosted.mjs";

const FIELDS =
  "attributes closest id getAttribute getAttributeNames hasAttribute matches action method name submit tagName localName nodeType parentNode elements addEventListener dataset textContent target host mode composedPath".split(" ");

export const run = async ({ browser, site, report }) => {
  const fields = (names) => names.map((name) => `<input type="hidden" name="${name}">`).join("");
  const form = (id, names) => `<form id="${id}" action="/sent" data-track="never" data-section="${id}-part" data-footfall-event="ordered" data-footfall-prop-form="${id}">
    ${fields(names)}<button id="${id}-button">Send</button><a href="#${id}">link</a><p data-footfall-event="chosen">choose</p></form>`;
  const forms = { all: FIELDS, ...Object.fromEntries(FIELDS.map((name) => [`only-${name}`, [name]])) };
  const named = `<form action="/by-action">${fields(["id", "name", "action"])}<button>Send</button></form>`;
  const body = `${Object.entries(forms).map(([id, names]) => form(id, names)).join("")}${named}
    <script>addEventListener("submit", (event) => event.preventDefault());</script>`;
  const hosted = await openHosted(browser, site, { body });
  const { page } = hosted;
  // Playwright asks such forms for their attributes.
  const click = (selector) => page.evaluate((selector) => document.querySelectorAll(selector).forEach((element) => element.click()), selector);
  await page.goto(hosted.url());
  const ids = Object.keys(forms);
  await click("form button");
  assert.deepEqual((await hosted.metadata("form_submit", ids.length + 1)).map((metadata) => metadata.form), [...ids, "/by-action"]);
  assert.deepEqual(await hosted.metadata("ordered", ids.length), ids.map((form) => ({ form })));
  const clicks = await hosted.answeredOf("button_click", ids.length);
  assert.deepEqual(clicks.map(({ button_id, metadata }) => [button_id, metadata.page_section]), ids.map((id) => [`${id}-button`, `${id}-part`]));
  await click("form a");
  await hosted.answeredOf("navigation_click", ids.length);
  await click("form p");
  await hosted.answeredOf("chosen", ids.length);
  hosted.assertNoErrors();
  report("submitted", { expected: await hosted.answered() });
  await hosted.close();
};
