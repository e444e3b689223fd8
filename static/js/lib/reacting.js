// The palette of reactions, beside the button that called it: <div id="palette" popover>[data-emoji] … [data-more]</div>
// Loaded on first use. What is chosen goes to the button's data-url; data-ours is the emoji that is there already. "More"
// opens a copy of the composer's picker in its place.

import { close, show } from "./emoji-picker.js";
import { del, post } from "./http.js";
import { placeItem } from "./pending.js";
import { toastProblem } from "./toast.js";

const GAP = 6;
const palette = document.getElementById("palette");
const [row, more, remove] = ["[data-row]", "[data-more]", "[data-remove]"].map((part) => palette.querySelector(part));
let caller = null;

export function open(button) {
  caller = button;
  const { ours = "" } = button.dataset;
  palette.querySelector(".emojis")?.remove();
  row.hidden = false;
  for (const choice of palette.querySelectorAll("[data-emoji]")) choice.setAttribute("aria-pressed", String(choice.dataset.emoji === ours && ours !== ""));
  remove.hidden = !ours;
  palette.showPopover();
  place();
  palette.querySelector("[aria-pressed='true'], [data-emoji]").focus();
}

function place() {
  const [button, { width, height }] = [caller.getBoundingClientRect(), palette.getBoundingClientRect()];
  const left = Math.min(Math.max(GAP, button.left + button.width / 2 - width / 2), innerWidth - width - GAP);
  const above = button.top - height - GAP;
  const top = above >= GAP ? above : Math.max(GAP, Math.min(button.bottom + GAP, innerHeight - height - GAP));
  Object.assign(palette.style, { left: `${left}px`, top: `${top}px` });
}

export async function say(button, emoji) {
  const bubble = button.closest("[data-item]");
  try {
    const answer = await (emoji ? post(button.dataset.url, { emoji }) : del(button.dataset.url));
    // Its event may have been faster: then the bubble is no longer in the page.
    if (bubble.isConnected) placeItem(answer.html, bubble);
    return true;
  } catch (error) {
    toastProblem(error);
    return false;
  }
}

async function choose(emoji) {
  const { id } = caller.closest("[data-item]");
  if (!(await say(caller, emoji))) return;
  palette.hidePopover();
  document.getElementById(id)?.querySelector("[data-action='react']")?.focus({ preventScroll: true });
}

palette.addEventListener("click", (event) => {
  const choice = event.target.closest("[data-emoji]");
  if (choice) choose(choice.getAttribute("aria-pressed") === "true" ? "" : choice.dataset.emoji);
});
palette.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  event.preventDefault(); // it closes nothing else
  palette.hidePopover();
}, true);
palette.addEventListener("toggle", ({ newState }) => newState === "closed" && palette.querySelector(".emojis:not([hidden])") && close());
palette.addEventListener("keydown", (event) => {
  const choices = [...row.querySelectorAll("button:not([hidden])")];
  const at = choices.indexOf(document.activeElement);
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (at < 0 || !step) return;
  event.preventDefault();
  choices[(at + step + choices.length) % choices.length].focus();
});
more.addEventListener("click", async () => {
  const picker = document.querySelector("message-composer [data-emojis]").cloneNode(true);
  picker.hidden = true; // also when the composer's own is open
  picker.querySelector("[data-list]").replaceChildren();
  row.hidden = true;
  palette.append(picker);
  const drawn = show(picker, more, caller, choose);
  place();
  await drawn.catch(toastProblem);
});
