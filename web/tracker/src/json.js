// JSON.stringify throws if there is one value that JSON cannot hold, writes some others as if they were empty, and uses
// what a page adds to the prototype of arrays.
import { attempt, parse, stringify } from "./page.js";

const LEVELS_MAX = 16; // of metadata, as the collector has it
const LEFT_OUT_MAX = 20;

// Calls `leaveOut` with the key of each value that JSON cannot hold.
export const json = (all, leaveOut) =>
  stringify(all, function (key, value) {
    const given = this[key];
    if (Array.isArray(given)) return given;
    const isHeld = given == null || Number.isFinite(value);
    if (isHeld || / (Str|Boo|Obj)/.test({}.toString.call(value))) return value;
    leaveOut?.(key);
  });

const levels = (value) => (Object(value) === value ? 1 + Math.max(0, ...Object.values(value).map(levels)) : 0);

// What track is given, without what JSON cannot hold, and the names of that.
export const plain = (properties) => {
  const kept = {};
  const left = [];
  for (const name of attempt(() => Object.keys(properties)) || []) {
    const held = attempt(() => {
      const leaveOut = (key) => left.push(key === name ? name : name + "." + key);
      const read = parse(json({ [name]: properties[name] }, leaveOut));
      return levels(read) > LEVELS_MAX ? 0 : read;
    });
    if (held) Object.assign(kept, held);
    else left.push(name);
  }
  return { ...kept, ...(left[0] && { left_out: left.slice(0, LEFT_OUT_MAX) }) };
};
