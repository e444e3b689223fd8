// The dialog of a reply that was held back because a colleague had answered: send it all the same, drop it, or edit it.

import { put } from "./dialogs.js";
import { del, getHtml, post } from "./http.js";
import { placeItem } from "./pending.js";
import { toast, toastProblem } from "./toast.js";
import { word } from "./words.js";

// `load` brings what a question is filled in with (builder.js): here, before anything is taken back.
export function openHeld(html, load) {
  const dialog = put(html);
  dialog.addEventListener("click", async (event) => {
    const choice = event.target.closest("[data-choice]")?.dataset.choice;
    if (!choice) return;
    try {
      await decide(dialog, choice, load);
      dialog.close();
    } catch (error) {
      toastProblem(error);
    }
  });
  dialog.addEventListener("close", () => document.querySelector("message-composer")?.choose("reply"));
  dialog.showModal(); // the heading has the focus: a hasty second Enter decides nothing
}

async function decide(dialog, choice, load) {
  const { url } = dialog.dataset;
  const composer = document.querySelector("message-composer");
  const isDropped = choice === "drop";
  const { url: built } = dialog.querySelector("[data-choice='edit']").dataset; // where it was filled in, if not in the composer
  const [builder, html] = built && choice === "edit" ? await Promise.all([load(), getHtml(built)]) : [];
  if (choice === "edit") await composer?.drafts.flush("reply"); // it comes back joined to the other
  const answer = choice === "send" ? await post(url) : await del(isDropped ? `${url}?drop=1` : url);
  for (const uid of answer.uids) document.getElementById(`message-${uid}`)?.remove();
  if (choice === "send") {
    for (const { html } of [answer, ...answer.more]) placeItem(html);
    return;
  }
  document.querySelector("thread-scroll")?.tidy();
  if (builder) {
    dialog.close();
    builder.openAgain(html);
  }
  if (built) return;
  if (!isDropped) composer?.take(answer.text);
  else if (answer.text) toast(word("toast.dropped"), { action: word("toast.undo"), run: () => composer?.take([answer.text, composer.fields.reply.value].filter(Boolean).join("\n")) });
  if (composer && !isDropped && answer.files) (await import("./files.js")).reload(composer);
}
