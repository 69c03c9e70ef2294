// npm run build: builds the tracker's scripts from web/tracker/src into web/tracker/dist and prints their sizes.
// npm run check: exits with 1 if dist is not what would be built.
//
// Each script is there under its own name and, as a symbolic link, under a name with its hash, which may be cached
// forever; beside each are the gzip and brotli files that nginx sends as they are. zlib versions compress differently, so
// the check compares decompressed content.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readFileSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { minify } from "terser";

const BROTLI_BYTES_MAX = { "analytics.core.js": 1999, "analytics.js": 3999 };
const ECMA = 2020;
const folder = (name) => fileURLToPath(new URL(`../tracker/${name}`, import.meta.url));
const dist = folder("dist");

// FULL: whether this is analytics.js. What only that needs is left out of the core, also in modules that both share.
// A short name for every declaration and few inlined functions compress best.
const bundled = async (name) => {
  const define = { FULL: String(name === "analytics.js") };
  const options = { bundle: true, format: "iife", target: `es${ECMA}`, define, write: false, logLevel: "warning" };
  const { outputFiles } = await build({ entryPoints: [folder(`src/${name}`)], ...options });
  const declared = outputFiles[0].text.replace(/^( *)(?:var|const) /gm, "$1let ");
  // The page does not notice if the start fails (an endpoint that is not a URL, a browser that lacks a feature).
  const guarded = `try{${declared}}catch{}`;
  const compress = { ecma: ECMA, passes: 3, keep_fargs: false, inline: 1, booleans_as_integers: true };
  const { code } = await minify(guarded, { ecma: ECMA, toplevel: true, compress });
  return Buffer.from(code.replace(/\bconst /g, "let "));
};

// name in dist -> bytes, or the name to which it links
const wanted = new Map();
for (const name of Object.keys(BROTLI_BYTES_MAX)) {
  const script = await bundled(name);
  const hash = createHash("sha256").update(script).digest("hex").slice(0, 12);
  const hashed = name.replace(/js$/, `${hash}.js`);
  const gzip = gzipSync(script, { level: 9 });
  const brotli = brotliCompressSync(script);
  for (const [ending, bytes] of Object.entries({ "": script, ".gz": gzip, ".br": brotli })) {
    wanted.set(name + ending, bytes);
    wanted.set(hashed + ending, name + ending);
  }
  console.log(`${name}: ${script.length} bytes, gzip ${gzip.length}, brotli ${brotli.length} (${hashed})`);
  const most = BROTLI_BYTES_MAX[name];
  assert.ok(brotli.length <= most, `${name} has ${brotli.length} bytes by brotli, more than ${most}`);
}

const inflated = (name, bytes) =>
  name.endsWith(".gz") ? gunzipSync(bytes) : name.endsWith(".br") ? brotliDecompressSync(bytes) : bytes;
const lies = (name) => {
  const path = `${dist}/${name}`;
  return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : inflated(name, readFileSync(path)).toString();
};

if (process.argv.includes("--check")) {
  const stale = "web/tracker/dist is stale: run `npm ci && npm run build` in web/tests";
  assert.deepEqual(readdirSync(dist).sort(), [...wanted.keys()].sort(), stale);
  for (const [name, content] of wanted) {
    const text = typeof content === "string" ? content : inflated(name, content).toString();
    assert.equal(lies(name), text, `${stale} (${name})`);
  }
} else {
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist);
  for (const [name, content] of wanted) {
    if (typeof content === "string") symlinkSync(content, `${dist}/${name}`);
    else writeFileSync(`${dist}/${name}`, content);
  }
}
