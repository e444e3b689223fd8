// How far a message has come: the same marks as the `ticks` template tag draws. They only ever move forward.

import { word } from "../lib/words.js";

const RANK = { queued: 0, sending: 1, accepted: 2, sent: 3, delivered: 4, read: 5, played: 6 };
const ICON = {
  sent: ["tick", ""],
  delivered: ["ticks", ""],
  read: ["ticks", "ticks--read"],
  played: ["ticks", "ticks--read"],
};

export function isForward(from, to) {
  return RANK[to] > (RANK[from] ?? -1);
}

// States with words or buttons of their own; only a new fragment can leave them.
export function needsFragment(status) {
  return status !== undefined && status !== "" && !(status in RANK);
}

export function drawTicks(place, status) {
  const [icon, look] = ICON[status] ?? ["clock", "icon--xs"];
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", `icon ${look}`.trim());
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", word(`status.${status in ICON ? status : "sending"}`));
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${icon}`);
  svg.append(use);
  place.replaceChildren(svg);
  place.dataset.status = status;
}
