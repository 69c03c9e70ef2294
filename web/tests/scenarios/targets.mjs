// Of a link or a form that leads to no page, only the scheme is stored: the rest may be a person's address or a document.
import assert from "node:assert/strict";
import { openHosted } from "../hosted.mjs";

const SECRET = "lovelace";
const TARGETS = {
  mail: [`mailto:${SECRET}@example.com?subject=x`, "mailto:"],
  "mail that looks like a file": [`mailto:${SECRET}@example.zip`, "mailto:"],
  telephone: [`tel:+49${SECRET}`, "tel:"],
  message: [`sms:+49${SECRET}`, "sms:"],
  data: [`data:text/plain,${SECRET}`, "data:"],
  script: [`javascript:void("${SECRET}")`, "javascript:"],
  blob: [`blob:http://127.0.0.1/${SECRET}`, "blob:"],
  app: [`whatsapp://send?phone=${SECRET}`, "whatsapp:"],
  "web+app": [`web+shop://open/${SECRET}`, "web+shop:"],
  file: [`file:///home/${SECRET}/x.pdf`, "file:"],
  "upper case": [`MAILTO:${SECRET}@example.com`, "mailto:"],
};

export const run = async ({ browser, site, report }) => {
  const links = Object.values(TARGETS).map(([href]) => `<a href='${href}'>link</a><br>`);
  const downloads = [`<a download="x.txt" href="data:text/plain,${SECRET}">data</a><br>`, `<a download href="blob:http://127.0.0.1/${SECRET}">blob</a><br>`];
  const form = `<form action="mailto:${SECRET}@example.com"><button>Send</button></form>`;
  const svg = `<svg height="20"><a href="mailto:${SECRET}@example.com"><text y="15">drawn</text></a></svg>`;
  const stay = `<script>for (const name of ["click", "submit"]) addEventListener(name, (event) => (name === "submit" || event.target.closest("a")) && event.preventDefault());</script>`;
  for (const script of ["/analytics.js", "/analytics.core.js"]) {
    const full = script === "/analytics.js";
    const hosted = await openHosted(browser, site, { script, body: stay + links.join("") + downloads.join("") + svg + form });
    const { page } = hosted;
    await page.goto(hosted.url());
    for (const link of await page.$$("body > a")) await link.click();
    await page.click("svg text");
    await page.click("form button");
    const schemes = [...Object.values(TARGETS).map(([, scheme]) => scheme), ...(full ? [] : ["data:", "blob:"]), "mailto:"];
    const navigations = await hosted.metadata("navigation_click", schemes.length);
    assert.deepEqual(navigations.map(({ destination }) => destination), schemes, script);
    if (full) {
      assert.deepEqual(await hosted.metadata("file_download", 2), [{ url: "data:" }, { url: "blob:" }]);
      assert.deepEqual(await hosted.metadata("form_submit"), [{ form: "mailto:" }]);
    }
    assert.ok(!hosted.posts.some(({ request }) => request.postData()?.includes(SECRET)));
    hosted.assertNoErrors();
    report("clicked", { expected: await hosted.answered() });
    await hosted.close();
  }
};
