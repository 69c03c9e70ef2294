// Everything.
import { start } from "./start.js";
import { declared } from "./declared.js";
import { engagement } from "./engagement.js";
import { forms } from "./forms.js";
import { history } from "./history.js";
import { identify } from "./identify.js";
import { notFound } from "./not_found.js";
import { vitals } from "./vitals.js";

start(() => {
  identify();
  history();
  notFound();
  engagement();
  vitals();
  forms();
  declared();
});
