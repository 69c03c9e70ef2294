// A tag manager that loses attributes names site and endpoint by window.footfall or by the query of the script's address,
// however it loads the script.
import assert from "node:assert/strict";
import { html, openHost } from "../host.mjs";
import { openVisit } from "../visit.mjs";

const append = (script) => `<script>document.head.append(Object.assign(document.createElement("script"), ${JSON.stringify(script)}));</script>`;
const config = (options) => `<script>window.footfall = ${JSON.stringify(options)};</script>`;

export const run = async ({ browser, site, report }) => {
  const src = (query = "") => new URL(`/analytics.js${query}`, site).href;
  const core = (query = "") => new URL(`/analytics.core.js${query}`, site).href;
  const endpoint = new URL("/analytics", site).href;
  const encoded = encodeURIComponent(endpoint);
  const source = await (await fetch(src())).text();
  // Each names the site "tags".
  const pages = {
    attributes: `<script src="${src()}" data-site="tags"></script>`,
    query: `<script src="${src("?site=tags")}"></script>`,
    "query and endpoint": append({ src: src(`?site=tags&endpoint=${encoded}`) }),
    "query of the core": append({ src: core("?site=tags&endpoint=/analytics"), async: true }),
    global: config({ site: "tags" }) + append({ src: src(), async: true }),
    "global of the core": config({ site: "tags", endpoint }) + append({ src: core() }),
    "attributes before the query before the global": `${config({ site: "other" })}<script src="${src("?site=third")}" data-site="tags"></script>`,
    "a module": `${config({ site: "tags", endpoint })}<script type="module" src="${src()}"></script>`,
    "an inlined script": `${config({ site: "tags", endpoint })}<script>${source.replaceAll("</script", "<\\/script")}</script>`,
    "a script that was fetched": `${config({ site: "tags", endpoint })}<script>fetch("${src()}").then((answer) => answer.text()).then((text) => (0, eval)(text));</script>`,
    "a global with the calls made so far": `<script>window.footfall = { site: "tags", q: [["track", ["early"]]] };</script>` + append({ src: src() }),
    "an element of that name": `<div id="footfall"></div><form name="footfall"><input name="track"></form><script src="${src()}" data-site="tags"></script>`,
    "false is off": config({ site: "tags", hash: false, notFound: false }) + append({ src: src() }),
  };
  const expected = [];
  for (const [name, tags] of Object.entries(pages)) {
    const host = await openHost({ "/": html(`${tags}<a href="#x">x</a>`) });
    const visit = await openVisit(browser, site);
    // The address of the page configures nothing.
    await visit.page.goto(`${host.url()}?site=evil&endpoint=https%3A%2F%2Fevil.example%2F`);
    const [view] = await visit.answeredOf("page_view");
    assert.equal(view.site, "tags", name);
    await visit.page.click("a");
    await visit.answeredOf("navigation_click");
    const answered = await visit.answered();
    assert.deepEqual(answered.map(({ event_type }) => event_type).filter((type) => type !== "early"), ["page_view", "navigation_click"], name);
    visit.assertNoErrors();
    expected.push(...answered);
    host.close();
    await visit.context.close();
  }
  report("configured", { expected });

  // The list of downloads, from either place.
  for (const listed of [" .PDF, zip ,.tar.gz", "*.pdf;zip gz", "pdf|zip|gz"]) {
    const links = ["a.pdf", "b.ZIP", "c.tar.gz", "d.doc", "pdf", "e.pdfx"].map((path) => `<a href="/${path}">${path}</a><br>`).join("");
    for (const tag of [`<script src="${src()}" data-downloads="${listed}"></script>`, `${config({ downloads: listed.split(",") })}<script src="${src()}"></script>`]) {
      const host = await openHost({ "/": html(`${tag}${links}<script>addEventListener("click", (event) => event.preventDefault());</script>`) });
      const visit = await openVisit(browser, site);
      await visit.page.goto(host.url());
      for (const link of await visit.page.$$("a")) await link.click();
      const files = (await visit.answeredOf("file_download", 3)).map(({ metadata }) => new URL(metadata.url).pathname);
      assert.deepEqual(files, ["/a.pdf", "/b.ZIP", "/c.tar.gz"], listed);
      await visit.answeredOf("navigation_click", 3);
      visit.assertNoErrors();
      host.close();
      await visit.context.close();
    }
  }
};
