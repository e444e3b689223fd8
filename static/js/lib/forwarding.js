// The chooser of conversations a message is passed on to (templates/inbox/forwarding). Loaded on first use. What is chosen
// stays chosen while the search below shows other conversations.

import { ask, deliver } from "./dialogs.js";
import { toast } from "./toast.js";
import { word } from "./words.js";

export async function open(url) {
  const dialog = await ask(url);
  const form = dialog.querySelector("form");
  const place = dialog.querySelector("[data-chosen]");
  const submit = form.querySelector("[type='submit']");
  const uid = crypto.randomUUID();

  const boxes = () => [...dialog.querySelectorAll("#targets input")];
  const chosen = () => [...place.children].map((chip) => chip.dataset.to);
  const redraw = () => {
    const ids = chosen();
    const isFull = ids.length >= Number(dialog.dataset.targets);
    for (const box of boxes()) {
      box.checked = ids.includes(box.value);
      box.disabled = isFull && !box.checked;
    }
    place.hidden = !ids.length;
    submit.disabled = !ids.length;
  };

  dialog.addEventListener("change", ({ target }) => {
    if (target.name !== "to") return;
    if (target.checked) {
      const chip = Object.assign(document.createElement("button"), { type: "button", className: "chip" });
      chip.dataset.to = target.value;
      chip.textContent = target.closest("label").querySelector(".truncate").firstChild.textContent;
      chip.setAttribute("aria-label", word("forward.drop", { name: chip.textContent }));
      place.append(chip);
    } else {
      place.querySelector(`[data-to='${target.value}']`)?.remove();
    }
    redraw();
  });
  place.addEventListener("click", ({ target }) => {
    if (!target.dataset.to) return;
    target.remove();
    redraw();
    form.elements.q.focus();
  });
  dialog.addEventListener("htmx:afterSwap", redraw);
  form.elements.q.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const data = new FormData();
    data.set("uid", uid);
    for (const id of chosen()) data.append("to", id);
    const answer = await deliver(dialog, data);
    if (!answer) return;
    dialog.close();
    toast([answer.words, ...answer.refused].join(" · "), { bad: answer.refused.length > 0 });
  });

  dialog.showModal();
  form.elements.q.focus();
}
