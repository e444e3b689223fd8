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
  const { url } = dialog.dataset;
  const answer = choice === "send" ? await post(url) : await del(choice === "drop" ? `${url}?files=drop` : url);
  for (const uid of answer.uids) document.getElementById(`message-${uid}`)?.remove();
  if (choice === "send") {
    for (const { html } of [answer, ...answer.more]) placeItem(html);
    return;
  }
  document.querySelector("thread-scroll")?.tidy();
  if (!dialog.querySelector("[data-choice='edit']")) return;
  const composer = document.querySelector("message-composer");
  composer?.take(choice === "edit" ? answer.text : "");
  if (composer && choice === "edit" && answer.files) (await import("./files.js")).reload(composer);
}
