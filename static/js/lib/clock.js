// One ticker for all elements that show time, on the server's clock. `redraw(now)` of a watched element returns the next
// moment at which it wants to be asked again (0: never by itself).

import { serverNow } from "../socket.js";

export const now = serverNow;

const LONGEST = 60000;
const watchers = new Set();
let timer = 0;

export function watch(element) {
  watchers.add(element);
  clearTimeout(timer);
  timer = setTimeout(tick, 0);
}

export function unwatch(element) {
  watchers.delete(element);
}

function tick() {
  clearTimeout(timer);
  const moment = now();
  let next = moment + LONGEST;
  for (const element of [...watchers]) {
    const wanted = element.redraw(moment);
    if (wanted && wanted < next) next = wanted;
  }
  if (watchers.size) timer = setTimeout(tick, Math.max(20, next - now() + 5));
}

// An element that shows time, also when an attribute it observes changes.
export class Clock extends HTMLElement {
  connectedCallback() {
    watch(this);
    this.redraw(now());
  }

  disconnectedCallback() {
    unwatch(this);
  }

  attributeChangedCallback() {
    if (this.isConnected) this.connectedCallback();
  }
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) tick();
});
// The first beats may correct the page's idea of the server's time.
document.addEventListener("tresen:state", () => tick());
