// Waits for a condition, never for a fixed time.
const POLL_MS = 50;

export const until = async (holds, ms_max, message) => {
  const end = Date.now() + ms_max;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`${message} within ${ms_max} ms`);
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
};
