// Page views, buttons, links, calls, and their delivery.
import { start } from "./start.js";

start();
