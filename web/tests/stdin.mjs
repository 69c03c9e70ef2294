// The caller's answers, one line each. End of input is an error: the caller is gone.
import { createInterface } from "node:readline";

let lines;
export const nextLine = async () => {
  lines ??= createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const { value, done } = await lines.next();
  if (done) throw new Error("stdin ended while waiting for a line");
  return value;
};
