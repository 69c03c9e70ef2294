// The machine's own Chromium: no download, no sandbox (the tests run as root), no background traffic.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { until } from "./until.mjs";

const START_MS_MAX = 45_000;

const OPTIONS = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  headless: true,
  // Visitors have the back-forward cache.
  ignoreDefaultArgs: ["--disable-back-forward-cache"],
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};

export const openBrowser = () => chromium.launch(OPTIONS);

// A browser in which background tabs are hidden. Playwright makes every page of a browser that it starts believe that it is
// in front.
export const openPlainBrowser = async () => {
  const profile = mkdtempSync(join(tmpdir(), "footfall-chromium-"));
  const own = ["--headless", "--remote-debugging-port=0", `--user-data-dir=${profile}`, "about:blank"];
  const chrome = spawn(OPTIONS.executablePath, [...OPTIONS.args, ...own], { stdio: "ignore" });
  process.on("exit", () => {
    chrome.kill();
    rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
  });
  const portFile = join(profile, "DevToolsActivePort");
  await until(() => existsSync(portFile) && readFileSync(portFile, "utf8").includes("\n"), START_MS_MAX, "Chromium did not start");
  const [port] = readFileSync(portFile, "utf8").split("\n");
  const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`, { noDefaults: true });
  const close = async () => {
    const ended = once(chrome, "exit");
    const devtools = await browser.newBrowserCDPSession();
    await devtools.send("Browser.close");
    await ended;
  };
  return { context: browser.contexts()[0], close };
};
