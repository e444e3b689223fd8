// Buttons that htmx attributes cannot express: <button data-action="print">. One listener for the whole page, so that
// fragments put in later work without further ado. What an open conversation can do is added by thread-actions.js.

import { commandBar, openMenu } from "./keys.js";
import { toast, toastProblem } from "./toast.js";
import { isTyped } from "./typed.js";
import { word } from "./words.js";

export const ACTIONS = {
  async copy(button) {
    await navigator.clipboard.writeText(button.dataset.copy ?? wordsOf(button.closest("[data-item]")));
    toast(word("toast.copied"));
  },
  async view(link) {
    (await import("./viewer.js")).view(link);
  },
  print() {
    window.print();
  },
  keys() {
    document.getElementById("keys")?.showModal();
  },
  bar: commandBar,
  menu(button) {
    openMenu(button.dataset.opens);
  },
};

export function wordsOf(message) {
  const text = message.querySelector(".bubble__text, .note__text")?.cloneNode(true);
  text?.querySelectorAll(".bubble__meta, .bubble__more, .sr").forEach((part) => part.remove());
  return text?.innerText.trim() || message.querySelector(".doc__name, .place__name")?.textContent.trim() || "";
}

async function insert({ form, dataset }) {
  (await import("./insert.js")).insert(form.elements[dataset.field ?? "text"], dataset.insert);
}

document.addEventListener("click", (event) => {
  // Beside it; text that is selected beyond its edge must not throw away what was typed there.
  if (event.target.matches("dialog") && !isTyped(event.target)) event.target.close();
  event.target.closest("dialog [data-close]")?.closest("dialog").close();
  const target = event.target.closest("[data-action], [data-insert]");
  const action = target?.dataset.insert ? insert : ACTIONS[target?.dataset.action];
  if (!action) return;
  if (target.matches("a")) event.preventDefault();
  if (target.matches(".menu__item:not([data-stays])")) target.closest("drop-menu")?.close(); // the focus comes back to its button
  Promise.resolve(action(target)).catch(toastProblem);
});

// A file that is dropped beside what takes it must not be opened in place of this page.
for (const name of ["dragover", "drop"]) {
  document.addEventListener(name, (event) => {
    if (event.dataTransfer?.types.includes("Files") && !event.target.closest?.("[type='file']")) event.preventDefault();
  });
}
