// The dialog of a reply that was held back because a colleague had answered: send it all the same, drop it, or edit it.

import { del, post } from "./http.js";
import { placeItem } from "./pending.js";
import { toastProblem } from "./toast.js";

export function openHeld(html) {
  document.getElementById("held")?.remove();
  const holder = document.createElement("template");
  holder.innerHTML = html.trim();
  const dialog = holder.content.firstElementChild;
  document.getElementById("dialogs").append(dialog);
  dialog.addEventListener("click", async (event) => {
    const choice = event.target.closest("[data-choice]")?.dataset.choice;
    if (!choice) return;
    try {
      await decide(dialog, choice);
      dialog.close();
    } catch (error) {
      toastProblem(error);
    }
  });
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
}

async function decide(dialog, choice) {
  const { uid, url } = dialog.dataset;
  if (choice === "send") {
    const answer = await post(url);
    document.getElementById(`message-${uid}`)?.remove();
    placeItem(answer.html);
    return;
  }
  const { text } = await del(url);
  document.getElementById(`message-${uid}`)?.remove();
  document.querySelector("thread-scroll")?.tidy();
  if (dialog.querySelector("[data-choice='edit']")) document.querySelector("message-composer")?.take(choice === "edit" ? text : "");
}
