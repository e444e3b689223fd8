// <relative-time data-style="clock|list|day|since|full|month"><time datetime="2026-11-22T09:00:00+00:00">10:00</time></relative-time>
// Writes the moment in the agent's zone and language; "list", "day" and "since" change when a day ends.

import { Clock, watch } from "../lib/clock.js";
import { inWords } from "../lib/times.js";
import { write } from "../lib/words.js";

const CHANGING = new Set(["list", "day", "since"]);

class RelativeTime extends Clock {
  connectedCallback() {
    if (CHANGING.has(this.dataset.style)) watch(this);
    this.redraw(Date.now());
  }

  redraw(now) {
    const time = this.querySelector("time");
    const at = time ? Date.parse(time.dateTime) : NaN;
    if (Number.isNaN(at)) return 0;
    write(time, inWords(at, this.dataset.style, now));
    if (!time.title && this.dataset.style !== "full") time.title = inWords(at, "full", now);
    return now + 60000;
  }
}

customElements.define("relative-time", RelativeTime);
