// The bubble of a message that the server does not have yet: cloned from the composer's template, replaced by the real
// one, which has the same id.

import { announce, elementFrom, quietly, replace } from "../live/parts.js";
import { say } from "./words.js";

const CAPTIONED = ["image", "video", "document"];

// Whether a file of this kind takes these words with it; else they follow as a message of their own.
export function mayCarry(kind, text) {
  return CAPTIONED.includes(kind) && [...text].length <= 1024;
}

// The messages that one sending becomes, as inbox/actions/sending_files.py makes them.
function partsOf({ uid, text, files = [] }) {
  const parts = files.map((file) => ({ uid: file.uid, file, text: "" }));
  if (files.length && mayCarry(files.at(-1).kind, text)) parts.at(-1).text = text;
  else if (text || !files.length) parts.push({ uid, text });
  return parts;
}

export function drawPending(composer, entry) {
  const list = document.getElementById("messages");
  if (!list) return;
  for (const [index, part] of partsOf(entry).entries()) {
    if (document.getElementById(`message-${part.uid}`)) continue;
    const bubble = bubbleOf(composer, entry.at, part, index ? null : entry.quoted);
    list.append(bubble);
    announce(bubble, "message", "new");
  }
}

function bubbleOf(composer, at, { uid, text, file }, quoted) {
  const bubble = composer.querySelector("template[data-pending]").content.firstElementChild.cloneNode(true);
  bubble.id = `message-${uid}`;
  bubble.dataset.pending = "";
  bubble.dataset.at = String(at);
  bubble.dataset.group = `out-${document.body.dataset.agent}`;
  bubble.querySelector("[data-words]").textContent = text;
  if (quoted) {
    bubble.querySelector("[data-quote]").hidden = false;
    bubble.querySelector("[data-quote-author]").textContent = quoted.author;
    bubble.querySelector("[data-quote-words]").textContent = quoted.words;
  }
  if (file) showFile(bubble.querySelector(".bubble"), file);
  bubble.querySelector("time").setAttribute("datetime", new Date(at).toISOString());
  return bubble;
}

function showFile(bubble, { face, name, kind }) {
  const [picture, card] = ["picture", "card"].map((part) => bubble.querySelector(`[data-file-${part}]`));
  picture.hidden = !face;
  card.hidden = Boolean(face);
  bubble.classList.add(face ? "bubble--media" : "bubble--file");
  bubble.classList.toggle("bubble--sticker", kind === "sticker");
  if (face) picture.src = face;
  card.querySelector(".doc__name").textContent = name;
  card.querySelector(".doc__icon").textContent = name.split(".").at(-1).slice(0, 4).toUpperCase();
}

function bubblesOf(entry) {
  const bubbles = partsOf(entry).map(({ uid }) => document.getElementById(`message-${uid}`));
  return bubbles.filter((bubble) => bubble?.dataset.pending !== undefined);
}

export function pendingOf(entry) {
  return bubblesOf(entry).at(-1) ?? null;
}

export function removePending(entry) {
  for (const bubble of bubblesOf(entry)) bubble.remove();
  document.querySelector("thread-scroll")?.tidy();
}

export function showWaiting(entry, words) {
  const place = pendingOf(entry)?.querySelector("[data-waiting]");
  if (place) say(place, words);
}

// The server's answer with all that one sending became.
export function replaceAll({ more = [], ...first }) {
  for (const { uid, html } of [first, ...more]) replacePending(uid, html);
}

// Unless its event was faster.
function replacePending(uid, html) {
  const bubble = document.getElementById(`message-${uid}`);
  if (bubble && bubble.dataset.pending === undefined) return;
  placeItem(html, bubble);
}

export function placeItem(html, old = null) {
  const list = document.getElementById("messages");
  const item = elementFrom(html);
  if (!list || !item || (!old && document.getElementById(item.id))) return;
  if (old) quietly(list, () => replace(old, item));
  else list.append(item);
  announce(item, item.dataset.item, old ? "changed" : "new");
}
