// Links to files: the browser does not open them as pages, so there is no page_view to show for them.
import { data } from "./page.js";
import { record } from "./queue.js";
import { kinds } from "./clicks.js";

const EXTENSIONS =
  "pdf,doc,docx,xls,xlsx,ppt,pptx,odt,ods,odp,csv,txt,rtf,epub,zip,gz,tgz,xz,7z,rar,iso,dmg,pkg,msi,exe,deb,rpm,apk,jar,mp3,mp4,mov,avi,mkv,wav,ics";

export const downloads = () => {
  const extensions = (data.downloads || EXTENSIONS).split(",");
  kinds.push((link, { pathname }, url) => {
    const isFile = link.hasAttribute("download") || extensions.includes(pathname.split(".").pop().toLowerCase());
    if (isFile) record("file_download", { url });
    return isFile;
  });
};
