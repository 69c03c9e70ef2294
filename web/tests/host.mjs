// A page of another site. A real server, because Chromium lets no page of unknown address connect to the loopback.
import { once } from "node:events";
import { createServer } from "node:http";

// files: path -> text; any other path is the page at "/". headers: of the page.
export const openHost = async (files, headers = {}) => {
  const server = createServer((request, answer) => {
    const { pathname } = new URL(request.url, "http://host");
    const script = pathname.endsWith(".js");
    const type = script ? "text/javascript" : "text/html; charset=utf-8";
    answer.writeHead(200, { "Content-Type": type, ...(script ? {} : headers) }).end(files[pathname] ?? files["/"]);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: (path = "/") => `http://127.0.0.1:${server.address().port}${path}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
};

export const html = (body) => `<!doctype html><html lang="en"><title>Host</title><link rel="icon" href="data:,">${body}</html>`;
