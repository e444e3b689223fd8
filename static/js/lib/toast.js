// Short messages at the bottom: toast("Conversation closed", {action: "Undo", run}).

import { word } from "./words.js";
import { del, SignedOut } from "./http.js";

const SHOWN = 6000;
const UNDO_SHOWN = 10000;

export function toast(words, { bad = false, action = "", run = null } = {}) {
  const place = document.getElementById("toasts");
  const element = document.getElementById("toast").content.firstElementChild.cloneNode(true);
  element.querySelector("[data-words]").textContent = words;
  if (bad) {
    element.classList.add("toast--bad");
    element.setAttribute("role", "alert");
  }
  element.querySelector(bad ? ".toast__icon" : ".toast__bad").remove();
  const button = element.querySelector("button");
  let from = null; // where the focus was before somebody came to the button
  const end = () => {
    const isHere = element.contains(document.activeElement);
    element.remove();
    if (isHere) (from?.isConnected ? from : document.querySelector(".row__link, main a, main button"))?.focus();
  };
  if (action) {
    button.textContent = action;
    button.hidden = false;
    button.addEventListener("click", () => {
      end();
      run?.();
    });
  }
  while (place.children.length >= 3) place.firstElementChild.remove();
  place.append(element);
  let timer = setTimeout(end, action ? UNDO_SHOWN : SHOWN);
  for (const type of ["pointerenter", "focusin"]) element.addEventListener(type, () => clearTimeout(timer));
  for (const type of ["pointerleave", "focusout"]) element.addEventListener(type, () => (timer = setTimeout(end, SHOWN / 2)));
  element.addEventListener("focusin", ({ relatedTarget }) => (from = relatedTarget));
  return end;
}

export function toastProblem(error) {
  if (error instanceof SignedOut) {
    toast(word("toast.signed_out"), { bad: true, action: word("toast.sign_in"), run: () => location.reload() });
  } else {
    toast(error.sentence || word("toast.failed"), { bad: true });
  }
}

// From the server: HX-Trigger {"toast": {"words", "bad", "undo"}}; `undo` is an address whose DELETE takes it back.
document.addEventListener("toast", ({ detail }) => {
  const undo = detail.undo;
  toast(detail.words, {
    bad: detail.bad,
    action: undo ? word("toast.undo") : "",
    run: () => del(undo).then(() => document.dispatchEvent(new Event("toast:undone")), toastProblem),
  });
});

// What the page before this one has done.
for (const { dataset, textContent } of document.querySelectorAll("[data-told]")) toast(textContent, { bad: dataset.told === "error" });
