// A dialog as the server renders it. It goes when it is closed, and the focus returns to where somebody was.

import { elementFrom } from "../live/parts.js";

export function put(html, opener = document.activeElement) {
  const dialog = elementFrom(html);
  document.getElementById(dialog.id)?.remove();
  document.getElementById("dialogs").append(dialog);
  window.htmx.process(dialog);
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (opener?.isConnected) opener.focus();
  });
  return dialog;
}

// One field of it is wrong, or no longer.
export function mark(field, isWrong) {
  if (isWrong) field?.setAttribute("aria-invalid", "true");
  else field?.removeAttribute("aria-invalid");
}

// What is wrong, beside its buttons.
export function complain(dialog, words) {
  const place = dialog.querySelector("footer [data-problem]");
  place.hidden = false;
  place.querySelector("[data-words]").textContent = words;
  place.scrollIntoView({ block: "nearest" });
}
