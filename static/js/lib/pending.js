// The bubble of a message that the server does not have yet: cloned from the composer's template, replaced by the real
// one, which has the same id.

import { replace } from "../live/parts.js";

export function drawPending(composer, entry) {
  const list = document.getElementById("messages");
  if (!list || document.getElementById(`message-${entry.uid}`)) return;
  const bubble = composer.querySelector("template[data-pending]").content.firstElementChild.cloneNode(true);
  bubble.id = `message-${entry.uid}`;
  bubble.dataset.pending = "";
  bubble.dataset.at = String(entry.at);
  bubble.dataset.group = `out-${document.body.dataset.agent}`;
  const words = bubble.querySelector("[data-words]");
  words.textContent = entry.text;
  if (entry.quoted) {
    bubble.querySelector("[data-quote]").hidden = false;
    bubble.querySelector("[data-quote-author]").textContent = entry.quoted.author;
    bubble.querySelector("[data-quote-words]").textContent = entry.quoted.words;
  }
  bubble.querySelector("time").setAttribute("datetime", new Date(entry.at).toISOString());
  list.append(bubble);
  bubble.dispatchEvent(new CustomEvent("tresen:inserted", { bubbles: true, detail: { kind: "message", how: "new" } }));
}

export function pendingOf(entry) {
  const bubble = document.getElementById(`message-${entry.uid}`);
  return bubble?.dataset.pending === undefined ? null : bubble;
}

export function removePending(entry) {
  const bubble = pendingOf(entry);
  if (!bubble) return;
  bubble.remove();
  document.querySelector("thread-scroll")?.tidy();
}

export function showWaiting(entry, words) {
  const place = pendingOf(entry)?.querySelector("[data-waiting]");
  if (!place) return;
  place.hidden = false;
  place.querySelector("[data-waiting-words]").textContent = words;
}

// The server's answer, unless its event was faster.
export function replacePending(uid, html) {
  const bubble = document.getElementById(`message-${uid}`);
  if (bubble && bubble.dataset.pending === undefined) return;
  placeItem(html, bubble);
}

export function placeItem(html, old = null) {
  const list = document.getElementById("messages");
  const holder = document.createElement("template");
  holder.innerHTML = html.trim();
  const item = holder.content.firstElementChild;
  if (!list || !item || (!old && document.getElementById(item.id))) return;
  if (old) replace(old, item);
  else list.append(item);
  window.htmx?.process(item);
  item.dispatchEvent(new CustomEvent("tresen:inserted", { bubbles: true, detail: { kind: item.dataset.item, how: old ? "changed" : "new" } }));
}
