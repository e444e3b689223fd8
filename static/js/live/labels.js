// A label was renamed, recoloured, merged or deleted: every <… data-label="ID" data-hue> on the page follows, and so does a
// list of those that bear it.

import { refresh } from "./filters.js";

export function apply({ kind, label, becomes }) {
  if (kind !== "label") return;
  const list = document.getElementById("list")?.dataset;
  if (list?.label === String(label)) refresh(list.query.replace(/(^|&)label=\d+/, becomes ? `$1label=${becomes.id}` : "$&"));
  for (const shown of document.querySelectorAll(`[data-label="${label}"].label`)) {
    const isDouble = becomes && becomes.id !== label && shown.parentElement.querySelector(`[data-label="${becomes.id}"].label`);
    if (!becomes || isDouble) {
      shown.remove();
      continue;
    }
    const remover = shown.querySelector("button");
    if (remover) {
      remover.ariaLabel = remover.ariaLabel.replace(shown.firstChild.textContent, () => becomes.name);
      remover.setAttribute("hx-vals", JSON.stringify({ remove: String(becomes.id) }));
    }
    shown.dataset.label = becomes.id;
    shown.dataset.hue = becomes.hue;
    shown.firstChild.textContent = becomes.name;
  }
}
