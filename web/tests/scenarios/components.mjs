// What is clicked and submitted inside of web components with open shadow roots, and in SVG.
import assert from "node:assert/strict";
import { openHosted } from "../hosted.mjs";

const ELSEWHERE = "https://www.example.com";
const COMPONENTS = `
  const stay = (event) => event.composedPath().some((node) => node.matches?.("a, area")) && event.preventDefault();
  addEventListener("click", stay);
  const define = (name, inner) => customElements.define(name, class extends HTMLElement {
    constructor() { super(); this.attachShadow({ mode: "open" }).innerHTML = inner; }
  });
  define("x-button", '<button id="inner"><b id="text">Buy</b></button>');
  define("x-outer", '<nav><x-button id="nested"></x-button></nav>');
  define("x-link", '<a href="${ELSEWHERE}/from-shadow"><slot></slot></a>');
  define("x-slotted", '<section id="frame"><slot></slot></section>');
  define("x-file", '<a href="/report.pdf"><i>The report</i></a>');
  define("x-event", '<p data-footfall-event="chosen" data-footfall-prop-plan="pro"><em>Pro</em></p>');
  define("x-form", '<form id="order" data-footfall-event="ordered" data-footfall-prop-kind="shadow"><input name="id"><button>Send</button></form>');
  define("x-forms", '<x-form></x-form>');
  for (const form of [document.querySelector("x-form"), document.querySelector("x-forms").shadowRoot.querySelector("x-form")])
    form.shadowRoot.addEventListener("submit", (event) => event.preventDefault());`;
const BODY = `<main><x-button></x-button><x-outer></x-outer></main>
  <x-link><span id="words">Out  there</span></x-link>
  <x-slotted><button id="light">Light</button></x-slotted>
  <x-file></x-file><x-event></x-event><x-form></x-form><x-forms></x-forms>
  <svg width="100" height="20"><a href="/in-svg"><text y="15" id="svg-text">Drawn</text></a></svg>
  <svg width="100" height="20" xmlns:xlink="http://www.w3.org/1999/xlink"><a xlink:href="/old-svg"><text y="15" id="old-svg-text">Older</text></a></svg>
  <img src="data:," usemap="#map" width="50" height="50" alt="map"><map name="map"><area shape="rect" coords="0,0,50,50" href="/area" alt="An area"></map>
  <button id="off" disabled><span id="in-off">Off</span></button>
  <script src="/components.js"></script>`;

export const run = async ({ browser, site, report }) => {
  const hosted = await openHosted(browser, site, { body: BODY, files: { "/components.js": COMPONENTS } });
  const { page } = hosted;
  const url = (path) => new URL(path, hosted.url()).href;
  await page.goto(hosted.url());
  await page.locator("main > x-button #text").click();
  await page.locator("x-outer #text").click();
  await page.click("#words");
  await page.click("#light");
  await page.locator("x-file i").click();
  await page.locator("x-event em").click();
  await page.click("#svg-text");
  await page.click("#old-svg-text");
  await page.evaluate(() => document.querySelector("area").click());
  await page.click("#in-off", { force: true });
  for (const form of [page.locator("body > x-form"), page.locator("x-forms x-form")]) {
    await form.locator("input").fill("a private word");
    await form.locator("input").press("Enter");
    await form.locator("button").click();
  }
  await hosted.answeredOf("form_submit", 4);
  await hosted.drained();
  const answered = await hosted.answered();
  const of = (type) => answered.filter(({ event_type }) => event_type === type);
  assert.deepEqual(of("button_click").map(({ button_id, metadata }) => [button_id, metadata.page_section]), [["inner", "main"], ["inner", "nav"], ["light", "frame"]]);
  assert.deepEqual(of("outbound_click").map(({ metadata }) => metadata), [{ url: `${ELSEWHERE}/from-shadow`, link_text: "Out there" }]);
  assert.deepEqual(of("file_download").map(({ metadata }) => metadata), [{ url: url("/report.pdf") }]);
  assert.deepEqual(of("navigation_click").map(({ metadata }) => metadata), [
    { destination: url("/in-svg"), link_text: "Drawn" },
    { destination: url("/old-svg"), link_text: "Older" },
    { destination: url("/area"), link_text: "" },
  ]);
  assert.deepEqual(of("chosen").map(({ metadata }) => metadata), [{ plan: "pro" }]);
  assert.deepEqual(of("form_submit").map(({ metadata }) => metadata), Array(4).fill({ form: "order" }));
  assert.deepEqual(of("ordered").map(({ metadata }) => metadata), Array(4).fill({ kind: "shadow" }));
  assert.ok(!hosted.posts.some(({ request }) => request.postData()?.includes("a private word")));
  hosted.assertNoErrors();
  await hosted.close();
  report("clicked", { expected: answered });
};
