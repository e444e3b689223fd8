// The palette of reactions, beside the button that called it. <div id="palette" popover>[data-emoji] … <form>[name=emoji]</form></div>
// Loaded on first use. What is chosen goes to the button's data-url; data-ours is the emoji that is there already.

import { del, post } from "./http.js";
import { placeItem } from "./pending.js";
import { toastProblem } from "./toast.js";

const GAP = 6;
const MOST_FOUND = 6;
const palette = document.getElementById("palette");
const form = palette.querySelector("form");
const list = palette.querySelector("[data-found]");
let caller = null;

export function open(button) {
  caller = button;
  const { ours = "" } = button.dataset;
  form.reset();
  draw([]);
  for (const choice of palette.querySelectorAll("[data-emoji]")) choice.setAttribute("aria-pressed", String(choice.dataset.emoji === ours && ours !== ""));
  palette.querySelector("[data-remove]").hidden = !ours;
  palette.showPopover();
  place(button.getBoundingClientRect(), palette.getBoundingClientRect());
  palette.querySelector("[aria-pressed='true'], [data-emoji]").focus();
}

function place(button, { width, height }) {
  const left = Math.min(Math.max(GAP, button.left + button.width / 2 - width / 2), innerWidth - width - GAP);
  const isAbove = button.top - height - 2 * GAP > height; // it grows by what is found
  const edge = isAbove ? { top: "auto", bottom: `${innerHeight - button.top + GAP}px` } : { top: `${button.bottom + GAP}px`, bottom: "auto" };
  Object.assign(palette.style, { left: `${left}px`, ...edge });
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
  const choices = [...palette.querySelectorAll(".palette__row [data-emoji]")];
  const at = choices.indexOf(document.activeElement);
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (at < 0 || !step) return;
  event.preventDefault();
  choices[(at + step + choices.length) % choices.length].focus();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const emoji = list.firstElementChild?.dataset.emoji ?? form.elements.emoji.value.trim();
  if (emoji) choose(emoji);
});
form.addEventListener("input", async ({ target }) => {
  const words = target.value.trim();
  const address = document.querySelector("[data-emojis]")?.dataset.emojis;
  const found = address && /\p{L}/u.test(words) ? await import("./emoji-picker.js").then(({ search }) => search(address, words, MOST_FOUND)) : [];
  if (target.value.trim() === words) draw(found);
});

function draw(found) {
  list.replaceChildren(...found.map(([sign, name]) => {
    const choice = Object.assign(document.createElement("button"), { type: "button", textContent: sign, title: name });
    choice.dataset.emoji = sign;
    choice.setAttribute("aria-label", name);
    return choice;
  }));
}
