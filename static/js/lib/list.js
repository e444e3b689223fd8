// The list and the open thread belong together: the row of the open conversation is marked, wherever the change came
// from, and a conversation that went out of sight leaves the screen.

import { openConversation, tried } from "../live/parts.js";
import { show } from "./panes.js";
import { ajax } from "./http.js";
import { toast } from "./toast.js";
import { word } from "./words.js";

const EVENT_PATIENCE = 700;

function markCurrent() {
  const current = String(openConversation() ?? "");
  for (const row of document.querySelectorAll("#rows > .row")) {
    const is = row.dataset.conversation === current;
    row.classList.toggle("is-current", is);
    const link = row.querySelector(".row__link");
    if (is) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

document.addEventListener("click", ({ target }) => {
  const hit = target.closest(".hit");
  if (!hit) return;
  document.querySelector(".hit[aria-current]")?.removeAttribute("aria-current");
  hit.setAttribute("aria-current", "true");
});
document.addEventListener("htmx:afterSettle", markCurrent);
document.addEventListener("tresen:inserted", ({ detail }) => detail.kind === "row" && markCurrent());

async function gone(id) {
  if (Number(id) !== openConversation()) return;
  // Merged with another, or parted again, it is still there, perhaps under another address.
  const answer = await fetch(`/conversations/${id}/`, { headers: { "HX-Request": "true", "HX-Target": "thread" } }).catch(() => null);
  if (Number(id) !== openConversation()) return;
  const [here] = /^\/conversations\/\d+\//.exec(answer?.ok ? new URL(answer.url).pathname : "") ?? [];
  if (here) {
    await ajax("GET", here, { target: "#thread", swap: "outerHTML show:none" });
    return (await import("./drafts.js")).follow(id);
  }
  toast(word("toast.gone"), { bad: true });
  history.replaceState({}, "", "/");
  const thread = document.getElementById("thread");
  delete thread.dataset.conversation;
  thread.replaceChildren(document.getElementById("no-thread").content.cloneNode(true));
  const target = document.getElementById("panel");
  target.replaceChildren();
  target.dispatchEvent(new CustomEvent("htmx:afterSettle", { bubbles: true, detail: { target } }));
  show("list");
}

document.addEventListener("tresen:event", ({ detail }) => {
  if (detail.kind === "conversation_gone") gone(detail.conversation);
  else if (detail.kind === "alert" && detail.alert === "nobody_free") {
    toast(word("alert.queue", { count: detail.data?.waiting ?? 1 }));
  }
});
document.addEventListener("conversation:gone", ({ detail }) => gone(detail.id));

// What this page did itself comes back as an event like everything else. When it does not come, it is fetched.
document.addEventListener("conversation:changed", ({ detail }) => {
  setTimeout(() => {
    const head = document.getElementById(`head-${detail.id}`);
    if (!head || Number(head.dataset.version) >= detail.version) return;
    tried(import("../live/thread.js").then(({ fetchHead }) => fetchHead()));
    document.querySelector("message-composer:defined")?.refresh();
  }, EVENT_PATIENCE);
});
