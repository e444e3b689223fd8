// Everything of the page. Elements define themselves; the rest are single listeners for the whole document.

import "./elements/bulk-bar.js";
import "./elements/drop-menu.js";
import "./elements/relative-time.js";
import "./elements/target-clock.js";
import "./elements/window-clock.js";
import "./lib/actions.js";
import "./lib/keys.js";
import "./lib/list.js";
import "./lib/once.js";
import "./lib/panes.js";
import "./lib/toast.js";
import "./lib/trouble.js";
import { start } from "./live/start.js";

// What not every page needs comes with the first element that wants it.
const WANTED = {
  "#checks": () => import("./elements/field-errors.js"),
  "#report, #contacts": () => import("./lib/pushed.js"),
  "live-board": () => import("./elements/live-board.js"),
  "rule-list": () => import("./elements/rule-list.js"),
  "[data-drafters*='{']": () => import("./live/drafting.js"),
};

function load() {
  for (const [selector, module] of Object.entries(WANTED)) {
    if (!document.querySelector(selector)) continue;
    delete WANTED[selector];
    module().catch(() => (WANTED[selector] = module)); // was cut off: asked for anew
  }
}

for (const name of ["htmx:load", "tresen:inserted"]) document.addEventListener(name, load);
load();
document.querySelector("[popover][data-open]")?.showPopover();
start();
