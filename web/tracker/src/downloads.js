// Links to files: the browser does not open them as pages, so there is no page_view to show for them.
import { data, isHttp } from "./page.js";

const FILES =
  "pdf|docx?|xlsx?|pptx?|od[pst]|csv|txt|rtf|epub|zip|t?gz|xz|7z|rar|iso|dmg|pkg|msi|exe|deb|rpm|apk|jar|mp[34]|mov|avi|mkv|wav|ics";
const listed = FULL && String(data.downloads ?? "").match(/\w+/g)?.join("|");
const names = FULL && new RegExp("\\.(" + (listed || FILES) + ")$", "i");

export const isDownload = (link, to) => link.hasAttribute("download") || (isHttp(to) && names.test(to.pathname));
