// The caller's answers, a line each. An end of input is an error: nobody is there who could go on.
import { createInterface } from "node:readline";

let lines;
export const nextLine = async () => {
  lines ??= createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const { value, done } = await lines.next();
  if (done) throw new Error("stdin ended while a line was awaited");
  return value;
};
