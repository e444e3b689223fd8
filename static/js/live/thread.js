// The open thread: <thread-scroll data-url="…/messages/"><ol id="messages" data-conversation data-seq><li data-seq data-at>
// Items are put in or replaced by id, in the order (time, seq). A jump in seq fetches the gap once.

import { announce, elementFrom, elementsFrom, fetchText, openConversation, quietly, replace, tried } from "./parts.js";
import { drawTicks, isForward, needsFragment } from "./ticks.js";

const GAP_PATIENCE = 200; // what another process published a moment later is no gap

const putAt = new WeakMap(); // element → when an event brought it, for events that race with a fetch
let ahead = new Set(); // seqs that came beyond the first hole
let gapTimer = 0;
let fetching = null;
let again = false;

function list() {
  return document.getElementById("messages");
}

export function forgetThread() {
  ahead = new Set();
  clearTimeout(gapTimer);
}

export function applyToThread(event) {
  const messages = list();
  if (!messages || Number(messages.dataset.conversation) !== event.conversation) return;
  if (event.kind === "ticks") return void event.ticks.forEach(mark);
  if (event.html?.head) replaceHead(event);
  if (event.facts?.closes_at !== undefined) moveWindow(event);
  if (event.html?.later) showLater(event.html.later);
  if (!event.item) return;
  if (event.html?.message) put(elementFrom(event.html.message), { version: event.version, how: "event" });
  else fetchChanges();
  if (event.kind !== "message_changed") noteSeq(event.seq);
  else if (event.took) noteSeq(event.took);
}

// Fetch what this page lacks and its newest items as they are now. One request at a time, and one more if asked meanwhile.
// Answers whether anything was lacking.
export function fetchChanges() {
  const messages = list();
  const url = messages?.closest("[data-url]")?.dataset.url;
  if (!url) return Promise.resolve();
  if (fetching) {
    again = true;
    return fetching;
  }
  const conversation = messages.dataset.conversation;
  const highest = Math.max(0, ...ahead);
  const started = Date.now();
  const fetched = fetchText(`${url}?after_seq=${messages.dataset.seq}`).then((html) => {
    if (list()?.dataset.conversation !== conversation) return;
    const items = elementsFrom(html).filter((item) => item.dataset.seq);
    const isMissed = items.some((item) => !document.getElementById(item.id));
    for (const item of items) put(item, { how: "gap", started });
    noteUpTo(Math.max(highest, ...items.map((item) => Number(item.dataset.seq))));
    return isMissed;
  });
  fetching = tried(fetched).finally(() => {
    fetching = null;
    if (!again) return;
    again = false;
    fetchChanges();
  });
  return fetching;
}

export function fetchHead() {
  const id = openConversation();
  if (id) tried(fetchText(`/conversations/${id}/head/`).then((html) => swapHead(elementFrom(html))));
}

function put(fresh, { version = 0, how, started = 0 }) {
  const messages = list();
  const old = document.getElementById(fresh.id);
  if (old) {
    if (version ? Number(old.dataset.version ?? 0) > version : isCurrent(old, fresh, started)) return;
    remember(fresh, version || old.dataset.version);
    for (const name of ["msg--first", "msg--last"]) fresh.classList.toggle(name, old.classList.contains(name));
    quietly(messages, () => replace(old, fresh));
    announce(fresh, fresh.dataset.item, "changed");
    return;
  }
  const next = firstAfter(messages, fresh);
  const isFirst = ![...messages.children].some((item) => item.dataset.seq && comesBefore(item, fresh));
  // It may belong to a page that is not loaded (any more): before the first entry here, or after the last one.
  if (messages.querySelector(":scope > [data-more='older']") && isFirst && next) return;
  if (next?.dataset.more === "newer") return;
  remember(fresh, version);
  messages.insertBefore(fresh, next);
  announce(fresh, fresh.dataset.item, how === "gap" ? "gap" : "new");
}

function remember(fresh, version) {
  if (version) fresh.dataset.version = version;
  putAt.set(fresh, Date.now());
}

// A fetched item carries no version. It is not put in place of what an event brought meanwhile, of what looks the same,
// or of something that is being played.
function isCurrent(old, fresh, started) {
  if ((putAt.get(old) ?? 0) >= started || look(old) === look(fresh)) return true;
  return [...old.querySelectorAll("audio, video")].some((media) => !media.paused);
}

// What a reader sees of an item, without what the page's own scripts write into it.
function look(item) {
  const copy = item.cloneNode(true);
  for (const part of copy.querySelectorAll("time, .bubble__meta, .bubble__tools")) part.remove();
  const media = [...copy.querySelectorAll("[src], [href], [data-url], [data-src]")].map((part) =>
    ["src", "href", "data-url", "data-src"].map((name) => part.getAttribute(name) ?? "").join()
  );
  for (const part of copy.querySelectorAll("*")) if (part.localName.includes("-")) part.replaceChildren();
  return [item.dataset.status, copy.textContent.replace(/\s+/g, " ").trim(), ...media].join("|");
}

function firstAfter(messages, fresh) {
  const items = [...messages.children];
  for (let index = items.length - 1; index >= 0; index -= 1) {
    if (items[index].dataset.seq && comesBefore(items[index], fresh)) return items[index + 1] ?? null;
  }
  return items.find((item) => item.dataset.seq) ?? null;
}

function comesBefore(item, other) {
  const [at, otherAt] = [Number(item.dataset.at), Number(other.dataset.at)];
  return at < otherAt || (at === otherAt && Number(item.dataset.seq) < Number(other.dataset.seq));
}

function noteSeq(seq) {
  const messages = list();
  if (seq <= Number(messages.dataset.seq)) return;
  ahead.add(seq);
  advance(messages);
  clearTimeout(gapTimer);
  if (ahead.size) gapTimer = setTimeout(() => ahead.size && fetchChanges(), GAP_PATIENCE);
}

function noteUpTo(seq) {
  const messages = list();
  if (seq > Number(messages.dataset.seq)) messages.dataset.seq = seq;
  ahead = new Set([...ahead].filter((each) => each > Number(messages.dataset.seq)));
  advance(messages);
}

function advance(messages) {
  let seq = Number(messages.dataset.seq);
  while (ahead.delete(seq + 1)) seq += 1;
  messages.dataset.seq = seq;
}

function mark({ uid, status }) {
  const item = document.getElementById(`message-${uid}`);
  if (!item) {
    again ||= Boolean(fetching); // what is being fetched may hold it, as it was before
    return;
  }
  if (needsFragment(item.dataset.status)) return void fetchChanges();
  if (!isForward(item.dataset.status, status)) return;
  item.dataset.status = status;
  putAt.set(item, Date.now());
  const place = item.querySelector("[data-ticks]");
  if (place) quietly(list(), () => drawTicks(place, status));
  item.classList.remove("is-pending");
}

// A message changes nothing of the head and the panel but the end of the window, and what whoever closes has seen.
function moveWindow(event) {
  const head = document.getElementById(`head-${event.conversation}`);
  if (!head || Number(head.dataset.version) > event.version) return;
  head.dataset.version = event.version;
  head.dataset.windowUntil = event.facts.closes_at ?? "";
  for (const clock of document.querySelectorAll(`#${head.id} window-clock, #panel window-clock`)) clock.dataset.until = head.dataset.windowUntil;
  for (const clock of head.querySelectorAll("target-clock")) clock.dataset.due = event.facts.answer_due_at ?? "";
  head.querySelector("[data-action='close']")?.setAttribute("hx-vals", JSON.stringify({ seen_inbound: event.facts.inbound_count }));
}

function replaceHead(event) {
  const head = document.getElementById(`head-${event.conversation}`);
  if (head && Number(head.dataset.version) <= event.version) swapHead(elementFrom(event.html.head));
}

// What is to be sent later, as it is now; older news come too late.
export function showLater(html) {
  const fresh = elementFrom(html);
  const old = document.getElementById(fresh.id);
  if (!old || Number(old.dataset.version) > Number(fresh.dataset.version)) return;
  quietly(document.querySelector("thread-scroll"), () => replace(old, fresh));
  announce(fresh, "later", "changed");
}

export function fetchLater() {
  const id = openConversation();
  if (id) tried(fetchText(`/conversations/${id}/later/`).then(showLater));
}

// Not while somebody uses a menu of it: then as soon as that is over.
function swapHead(fresh) {
  const head = document.getElementById(fresh.id);
  if (!head || Number(head.dataset.version) > Number(fresh.dataset.version)) return;
  if (head.querySelector("[aria-expanded='true']")) return void setTimeout(() => swapHead(fresh), 400);
  const viewers = head.querySelector("viewer-list");
  if (viewers) fresh.querySelector("viewer-list")?.replaceWith(viewers);
  replace(head, fresh);
  announce(fresh, "head", "changed");
}
