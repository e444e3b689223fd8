// <target-clock class="target" data-due="epoch ms" data-state="open|soon|urgent">Answer target in 12 min</target-clock>
// By when the team wants to have answered; from the second on at which that has passed, by how much. Without a moment it
// hides.

import { Clock } from "../lib/clock.js";
import { MINUTE, SOON, digits, inWords, waited } from "../lib/times.js";
import { word, write } from "../lib/words.js";

const NEAR = 10 * MINUTE;

class TargetClock extends Clock {
  static observedAttributes = ["data-due"];

  redraw(moment) {
    const due = Number(this.dataset.due);
    this.hidden = !due;
    if (!due) return 0;
    const left = due - moment;
    this.dataset.state = left <= 0 ? "urgent" : left <= NEAR ? "soon" : "open";
    let words = word("target.at", { when: inWords(due, "since", moment) });
    if (left <= 0) words = word("target.missed", { time: waited(-left) });
    else if (left <= SOON) words = word("target.in", { time: digits(left) });
    write(this, words);
    return left > 0 ? Math.min(moment + (left % MINUTE || MINUTE) + 1, due) : moment + MINUTE + (left % MINUTE);
  }
}

customElements.define("target-clock", TargetClock);
