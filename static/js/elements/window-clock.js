// <window-clock data-until="epoch ms" data-form="ring|short|left|digits|long|urgent" data-window="open">…</window-clock>
// Counts down to the end of the 24-hour window on server time. It redraws once a minute and at the very second the
// window closes. "ring" draws only, "short" is for rows, "left" for tables, "digits" for tight places, "long" for the head, "urgent" speaks below four hours.

import { now, unwatch, watch } from "../lib/clock.js";
import { countdown, digits, inWords, windowState } from "../lib/times.js";
import { word } from "../lib/words.js";

const DAY = 24 * 3600000;
const MINUTE = 60000;

class WindowClock extends HTMLElement {
  static observedAttributes = ["data-until"];

  connectedCallback() {
    watch(this);
    this.redraw(now());
  }

  disconnectedCallback() {
    unwatch(this);
  }

  attributeChangedCallback() {
    if (this.isConnected) this.redraw(now());
  }

  redraw(moment) {
    const until = Number(this.dataset.until) || 0;
    const left = Math.min(until - moment, DAY);
    const state = windowState(left);
    this.dataset.window = state;
    for (const ring of this.querySelectorAll(".ring")) ring.dataset.window = state;
    const arc = this.querySelector(".ring__value");
    const share = `${left > 0 ? Math.max(2, Math.round((left / DAY) * 100)) : 0} 100`;
    if (arc && arc.getAttribute("stroke-dasharray") !== share) arc.setAttribute("stroke-dasharray", share);
    this.write(state, left, until, moment);
    if (left <= 0) return 0;
    const toNextMinute = left % MINUTE || MINUTE;
    return Math.min(moment + toNextMinute + 1, until);
  }

  write(state, left, until, moment) {
    const form = this.dataset.form;
    if (form === "ring") return;
    let words = "";
    if (form === "short") words = state === "closed" ? word("window.closed") : state === "open" ? "" : countdown(left);
    else if (form === "left") words = state === "closed" ? word("window.closed") : countdown(left);
    else if (form === "digits") words = state === "closed" ? word("window.closed") : digits(left);
    else if (form === "urgent") words = state === "soon" || state === "urgent" ? countdown(left) : "";
    else if (state !== "closed") words = word("window.open", { left: countdown(left) });
    else if (until) words = word("window.closed_since", { when: inWords(until, "since", moment) });
    else return;
    const place = this.querySelector("[data-words]") || this;
    if (place.textContent !== words) place.textContent = words;
  }
}

customElements.define("window-clock", WindowClock);
