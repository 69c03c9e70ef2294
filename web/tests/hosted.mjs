// One visitor on a page of another site that includes the tracker.
import { html, openHost } from "./host.mjs";
import { openVisit } from "./visit.mjs";

// body: of every page that `files` does not name. attributes: of the script tag.
export const openHosted = async (browser, site, { body = "", head = "", attributes = "", files = {}, headers, ...options } = {}) => {
  const script = `<script src="${new URL(options.script ?? "/analytics.js", site).href}" data-site="host" ${attributes} defer></script>`;
  const host = await openHost({ "/": html(`${head}${script}${body}`), ...files }, headers);
  const visit = await openVisit(browser, site, options);
  return {
    ...visit,
    url: host.url,
    // [metadata] of each event of this type, once there are `count`.
    metadata: async (event_type, count = 1) => (await visit.answeredOf(event_type, count)).map((event) => event.metadata),
    close: async () => {
      host.close();
      await visit.context.close();
    },
  };
};
