// Everything of the page. Elements define themselves; the rest are single listeners for the whole document.

import "./elements/appear-at.js";
import "./elements/bulk-bar.js";
import "./elements/combo-list.js";
import "./elements/drop-menu.js";
import "./elements/message-composer.js";
import "./elements/relative-time.js";
import "./elements/target-clock.js";
import "./elements/thread-scroll.js";
import "./elements/voice-player.js";
import "./elements/window-clock.js";
import "./lib/actions.js";
import "./lib/composer-tools.js";
import "./lib/keys.js";
import "./lib/list.js";
import "./lib/once.js";
import "./lib/panes.js";
import "./lib/toast.js";
import "./lib/trouble.js";
import "./live/drafting.js";
import { start } from "./live/start.js";

if (document.getElementById("report")) import("./lib/pushed.js");
if (document.querySelector("live-board")) import("./elements/live-board.js");
if (document.querySelector("rule-list")) import("./elements/rule-list.js");
if (document.getElementById("checks")) import("./elements/field-errors.js");
document.querySelector("[popover][data-open]")?.showPopover();
start();
