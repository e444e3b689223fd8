// <window-clock data-until="epoch ms" data-form="ring|short|left|digits|long|urgent" data-window="open">…</window-clock>
// Counts down to the end of the 24-hour window on server time. It redraws once a minute and at the very second the
// window closes. "ring" draws only, "short" is for rows, "left" for tables, "digits" for tight places, "long" for the head, "urgent" speaks below four hours.

import { Clock } from "../lib/clock.js";
import { DAY, MINUTE, countdown, digits, inWords, windowState } from "../lib/times.js";
import { word, write } from "../lib/words.js";

class WindowClock extends Clock {
  static observedAttributes = ["data-until"];

  redraw(moment) {
    const until = Number(this.dataset.until) || 0;
    const left = Math.min(until - moment, DAY);
    const state = windowState(left);
    this.dataset.window = state;
    for (const ring of this.querySelectorAll(".ring")) ring.dataset.window = state;
    const arc = this.querySelector(".ring__value");
    const share = `${left > 0 ? Math.max(2, Math.round((left / DAY) * 100)) : 0} 100`;
    if (arc && arc.getAttribute("stroke-dasharray") !== share) arc.setAttribute("stroke-dasharray", share);
    const words = this.words(state, left, until, moment);
    if (words !== null) write(this.querySelector("[data-words]") || this, words);
    if (left <= 0) return 0;
    const toNextMinute = left % MINUTE || MINUTE;
    return Math.min(moment + toNextMinute + 1, until);
  }

  // null: what stands there stays.
  words(state, left, until, moment) {
    const { form } = this.dataset;
    const isClosed = state === "closed";
    if (form === "ring") return null;
    if (form === "urgent") return isClosed || state === "open" ? "" : countdown(left);
    if (form === "long" && isClosed) return until ? word("window.closed_since", { when: inWords(until, "since", moment) }) : null;
    if (form === "long") return word("window.open", { left: countdown(left) });
    if (isClosed) return word("window.closed");
    if (form === "digits") return digits(left);
    return form === "short" && state === "open" ? "" : countdown(left);
  }
}

customElements.define("window-clock", WindowClock);
