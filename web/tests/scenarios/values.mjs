// track keeps every event, and names what JSON cannot hold. The core names whole properties.
import assert from "node:assert/strict";
import { openHosted } from "../hosted.mjs";

const VALUES = {
  bigint: ["{ n: 1, big: 10n }", { n: 1, left_out: ["big"] }],
  nested: ["{ order: { id: 7, big: 10n }, n: 1 }", { order: { id: 7 }, n: 1, left_out: ["order.big"] }],
  circle: ["(() => { const circle = { id: 7 }; circle.self = circle; return { n: 1, circle }; })()", { n: 1, left_out: ["circle"] }],
  "circle at the top": ["(() => { const all = { n: 1 }; all.all = all; return all; })()", { n: 1, left_out: ["all"] }],
  "the same twice": ["(() => { const a = { n: 1 }; return { a, b: a, list: [a, a] }; })()", { a: { n: 1 }, b: { n: 1 }, list: [{ n: 1 }, { n: 1 }] }],
  getter: ["{ n: 1, get bad() { throw new Error('bad'); } }", { n: 1, left_out: ["bad"] }],
  "nested getter": ["{ n: 1, o: { get bad() { throw 1; } } }", { n: 1, left_out: ["o"] }],
  toJSON: ["{ n: 1, bad: { toJSON() { throw new Error('bad'); } }, good: { toJSON: () => 'text' } }", { n: 1, good: "text", left_out: ["bad"] }],
  functions: ["{ n: 1, f() {}, c: class {}, s: Symbol('s') }", { n: 1, left_out: ["f", "c", "s"] }],
  undefined: ["{ n: 1, u: undefined, z: null, b: false, t: '' }", { n: 1, z: null, b: false, t: "" }],
  numbers: ["{ n: 0, nan: NaN, inf: -Infinity }", { n: 0, left_out: ["nan", "inf"] }],
  dates: ["{ good: new Date(0), bad: new Date(NaN) }", { good: "1970-01-01T00:00:00.000Z", left_out: ["bad"] }],
  collections: ["{ n: 1, m: new Map([[1, 2]]), s: new Set([1]), t: new Uint8Array(3), w: new WeakMap() }", { n: 1, left_out: ["m", "s", "t", "w"] }],
  nodes: ["{ n: 1, body: document.body, w: window, e: new Event('x') }", { n: 1, left_out: ["body", "w", "e"] }],
  errors: ["{ n: 1, error: new Error('x'), re: /x/, p: Promise.resolve() }", { n: 1, left_out: ["error", "re", "p"] }],
  lists: ["{ list: [1, undefined, 10n, , 'x'] }", { list: [1, null, null, null, "x"], left_out: ["list.2"] }],
  deep: ["(() => { let deep = 1; for (let i = 0; i < 15; i++) deep = [deep]; return { n: 1, deep, deeper: [deep] }; })()", { n: 1, deep: [[[[[[[[[[[[[[[1]]]]]]]]]]]]]]], left_out: ["deeper"] }],
  "very deep": ["(() => { let deep = 1; for (let i = 0; i < 20000; i++) deep = { deep }; return { n: 1, deep }; })()", { n: 1, left_out: ["deep"] }],
  proxies: ["(() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return { n: 1, proxy, live: new Proxy({ a: 1 }, {}) }; })()", { n: 1, live: { a: 1 }, left_out: ["proxy"] }],
  "a revoked proxy": ["(() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy; })()", {}],
  classes: ["new (class Order { constructor() { this.n = 1; this.inner = new (class { constructor() { this.m = 2; } })(); } })()", { n: 1, inner: { m: 2 } }],
  "no prototype": ["Object.assign(Object.create(null), { n: 1 })", { n: 1 }],
  boxed: ["{ b: Object(false) }", { b: false }],
  many: ["{ n: 1, list: Array(50).fill(() => {}) }", { n: 1, list: Array(50).fill(null), left_out: Array.from({ length: 20 }, (_, i) => `list.${i}`) }],
  nothing: ["undefined", {}],
  null: ["null", {}],
  "a number": ["5", {}],
};
const CORE = {
  bigint: ["{ n: 1, big: 10n }", { left_out: ["n", "big"] }],
  getter: ["{ n: 1, get bad() { throw new Error('bad'); } }", { left_out: ["n", "bad"] }],
  fine: ["{ n: 1 }", { n: 1 }],
  nothing: ["undefined", {}],
};

export const run = async ({ browser, site, report }) => {
  for (const [script, values] of Object.entries({ "/analytics.js": VALUES, "/analytics.core.js": CORE })) {
    // Prototype.js gives arrays a toJSON of its own.
    for (const beforeScripts of [undefined, () => { Array.prototype.toJSON = String.prototype.toJSON = function () { return `"${this}"`; }; }]) {
      if (beforeScripts && script !== "/analytics.js") continue;
      const hosted = await openHosted(browser, site, { script, beforeScripts });
      await hosted.page.goto(hosted.url());
      await hosted.answeredOf("page_view");
      for (const [name, [value]] of Object.entries(values)) await hosted.page.evaluate(`footfall.track(${JSON.stringify(name)}, ${value})`);
      for (const [name, [, kept]] of Object.entries(values)) {
        await hosted.answeredOf(name);
        const sent = hosted.posts.flatMap(({ events }) => events).filter(({ event_type }) => event_type === name);
        assert.deepEqual(sent.map(({ metadata }) => metadata), [kept], `${script}: ${name}`);
      }
      hosted.assertNoErrors();
      if (!beforeScripts) report("tracked", { expected: await hosted.answered() });
      await hosted.close();
    }
  }

  // identify takes an id, not an object that every user would share.
  const hosted = await openHosted(browser, site);
  await hosted.page.goto(hosted.url());
  const ids = { text: '"ada"', number: "7", bigint: "10n", object: "{ id: 7 }", list: "[]", function: "() => {}", thrower: "{ toString() { throw 1; } }", nan: "NaN" };
  for (const [name, id] of Object.entries(ids)) await hosted.page.evaluate(`footfall.identify(${id}); footfall.track("${name}")`);
  const found = {};
  for (const name of Object.keys(ids)) found[name] = (await hosted.answeredOf(name))[0].user_id;
  assert.deepEqual(found, { text: "ada", number: "7", bigint: "10", object: undefined, list: undefined, function: undefined, thrower: undefined, nan: undefined });
  hosted.assertNoErrors();
  report("identified", { expected: await hosted.answered() });
  await hosted.close();
};
