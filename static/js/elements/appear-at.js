// <appear-at data-at="epoch ms" hidden>…</appear-at>: shows itself at that moment of the server's time.

import { Clock } from "../lib/clock.js";

class AppearAt extends Clock {
  redraw(moment) {
    const at = Number(this.dataset.at) || 0;
    this.hidden = moment < at;
    return this.hidden ? at : 0;
  }
}

customElements.define("appear-at", AppearAt);
