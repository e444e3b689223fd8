// The list: <inbox-list id="list" data-filter="{…}" data-query data-url> with <ul id="rows">. Rows are replaced by id and
// kept in the wanted order. Whether a conversation belongs here is decided by ../lib/filter.js from the event's facts; what
// only time changes (data-timed) is looked up once a minute. While the pointer is over the list nothing moves under it: new and moved rows
// wait behind "3 new".

import { announce, elementFrom, elementsFrom, fetchText, myself, replace, tried } from "./parts.js";
import { drawTicks, isForward, needsFragment } from "./ticks.js";
import { isBefore, isIn, placeOf } from "../lib/filter.js";
import { say, word } from "../lib/words.js";
import { serverNow } from "../socket.js";

const LONGEST_RESYNC = 6; // pages of 50
const TIMED = 60_000;

const waiting = new Map(); // conversation → { fresh, facts }: what is held back while the list is hovered
const touched = new Map(); // conversation → { at, left }: its last event, and whether that took it away, for events that race with a fetch

const rows = () => document.getElementById("rows");
const panel = () => document.getElementById("list");
const rowOf = (conversation) => document.getElementById(`row-${conversation}`);

export function applyToRows(event) {
  if (!rows() || !event.conversation) return;
  if (event.kind === "ticks") return void event.ticks.forEach((tick) => markRow(event.conversation, tick));
  if (event.kind === "read") return void setRead(rowOf(event.conversation), event.read_count);
  if (event.kind === "conversation_gone") return removeRow(event.conversation);
  if (!event.facts || event.version === undefined) return;
  touched.set(event.conversation, { at: Date.now() });
  const old = rowOf(event.conversation);
  if (old && Number(old.dataset.version) > event.version) return;
  const held = waiting.get(event.conversation);
  if (held && Number(held.fresh.dataset.version) > event.version) return;
  if (!belongs(event.facts, Boolean(old))) return leave(event.conversation, event.facts);
  if (event.html?.row) place(prepared(elementFrom(event.html.row), event.reads), event.conversation);
  else if (!event.partial) tried(fetchRow(event.conversation));
}

function belongs(facts, isShown) {
  const wanted = filter();
  return wanted.q || panel().querySelector(".hits") ? isShown : isIn(wanted, facts, myself(), serverNow());
}

function filter() {
  return JSON.parse(panel().dataset.filter);
}

function prepared(row, reads) {
  setRead(row, Number(reads?.[myself()] ?? 0));
  return row;
}

function setRead(row, count) {
  if (!row) return;
  row.dataset.read = count;
  const unread = Math.max(0, Number(row.dataset.inbound) - count);
  const badge = row.querySelector(".unread");
  row.classList.toggle("is-unread", unread > 0);
  if (!badge) return;
  badge.hidden = unread === 0;
  badge.textContent = unread ? String(unread) : "";
  if (unread) badge.setAttribute("aria-label", `${unread} ${word("list.unread")}`);
  else badge.removeAttribute("aria-label");
}

function markRow(conversation, { uid, status }) {
  const place = rowOf(conversation)?.querySelector(`[data-ticks][data-uid="${CSS.escape(uid)}"]`);
  if (!place || needsFragment(place.dataset.status) || !isForward(place.dataset.status, status)) return;
  drawTicks(place, status);
}

// --- putting rows in place

function place(fresh, conversation) {
  const old = rowOf(conversation);
  if (old) keepTyping(old, fresh);
  const before = rowAfter(fresh, old);
  if (old && old.nextElementSibling === before) return swap(old, fresh); // stays where it is
  if (isBelowLoaded(fresh, before)) {
    waiting.delete(conversation);
    return old ? swap(old, fresh) : undefined;
  }
  if (isHovered(old, before)) {
    if (old) swap(old, fresh.cloneNode(true));
    waiting.set(conversation, { fresh });
    return showWaiting();
  }
  waiting.delete(conversation);
  moving(() => {
    old?.remove();
    rows().insertBefore(fresh, rowAfter(fresh, null));
  });
  announce(fresh, "row", old ? "changed" : "new");
  settle();
}

function swap(old, fresh) {
  replace(old, fresh);
  announce(fresh, "row", "changed");
}

function keepTyping(old, fresh) {
  const [from, to] = [old.querySelector(".row__typing"), fresh.querySelector(".row__typing")];
  if (from && to && !from.hidden) {
    to.replaceWith(from);
    fresh.querySelector(".row__snippet")?.classList.add("is-typing");
    fresh.querySelector(".row__text")?.setAttribute("hidden", "");
  }
}

// The row this one stands before; null when it comes last.
function rowAfter(fresh, except) {
  const [{ sort }, now] = [filter(), serverNow()];
  const place = placeOf(fresh.dataset, sort, now);
  for (const row of rows().children) {
    if (row === except || row.id === fresh.id) continue;
    if (!row.dataset.conversation) return row; // the place where more is loaded
    if (isBefore(place, placeOf(row.dataset, sort, now))) return row;
  }
  return null;
}

function isBelowLoaded(fresh, before) {
  return before !== null && !before.dataset.conversation;
}

function leave(conversation, facts) {
  waiting.delete(conversation);
  touched.set(conversation, { at: Date.now(), left: true });
  const old = rowOf(conversation);
  if (!old) return showWaiting();
  if (isHovered(old, null) && !old.matches(".is-current, .is-selected")) {
    waiting.set(conversation, { fresh: old, leaving: true, facts });
    return;
  }
  removeRow(conversation);
}

function removeRow(conversation) {
  waiting.delete(conversation);
  touched.set(conversation, { at: Date.now(), left: true });
  const row = rowOf(conversation);
  if (row) moving(() => row.remove());
  settle();
}

// --- the pointer

function isPointedAt() {
  return matchMedia("(hover: hover)").matches && Boolean(document.getElementById("list-scroll")?.matches(":hover"));
}

function isHovered(old, before) {
  if (!isPointedAt()) return false;
  const under = rows().querySelector(":scope > .row:hover");
  if (!under) return true;
  const place = [...rows().children];
  const from = old ? place.indexOf(old) : Infinity;
  const to = before ? place.indexOf(before) : Infinity;
  return Math.min(from, to) <= place.indexOf(under); // further down nothing moves under the pointer
}

function showWaiting() {
  const button = panel()?.querySelector("[data-action='show-new']");
  if (!button) return;
  const count = [...waiting.values()].filter((each) => !each.leaving).length;
  say(button, count ? word(count === 1 ? "list.new_one" : "list.new_many", { count }) : "");
}

export function showHeldBack() {
  if (!rows()) return;
  const held = [...waiting.entries()];
  waiting.clear();
  showWaiting();
  moving(() => {
    for (const [conversation, { fresh, leaving }] of held) {
      const old = rowOf(conversation);
      if (leaving) {
        old?.remove();
        continue;
      }
      const row = old ?? fresh;
      const before = rowAfter(row, row);
      if (isBelowLoaded(row, before)) continue;
      rows().insertBefore(row, before);
      if (!old) announce(row, "row", "new");
    }
  });
  settle();
}

// Changes the list without losing the focus: it stays with its row, or goes to the next one when that leaves.
function keepingFocus(change) {
  const at = rows().contains(document.activeElement) ? document.activeElement : null;
  const row = at?.closest(".row");
  const places = [row, row?.nextElementSibling, row?.previousElementSibling].map((each) => each?.id);
  const part = at?.matches(".row__check") ? ".row__check" : ".row__link";
  change();
  if (!row || rows().contains(document.activeElement)) return;
  const place = places.map((id) => id && document.getElementById(id)).find(Boolean);
  (place?.querySelector(part) ?? document.getElementById("list-scroll")).focus({ preventScroll: true });
}

// Let the rows slide to their new places instead of jumping.
function moving(change) {
  const quiet = document.hidden || matchMedia("(prefers-reduced-motion: reduce)").matches;
  const before = quiet ? null : new Map([...rows().children].slice(0, 60).map((row) => [row.id, row.getBoundingClientRect().top]));
  keepingFocus(change);
  if (!before) return;
  for (const row of [...rows().children].slice(0, 60)) {
    const way = before.has(row.id) && row.id ? before.get(row.id) - row.getBoundingClientRect().top : 0;
    if (way) row.animate([{ transform: `translateY(${way}px)` }, { transform: "none" }], { duration: 180, easing: "ease-out" });
  }
}

function settle() {
  const empty = document.getElementById("rows-empty");
  if (empty) empty.hidden = Boolean(rows().querySelector(".row"));
  showWaiting();
}

// --- fetching

async function fetchRow(conversation) {
  const fresh = elementFrom(await fetchText(`/conversations/${conversation}/row/`));
  if (Number(rowOf(conversation)?.dataset.version) > Number(fresh.dataset.version)) return;
  place(prepared(fresh, { [myself()]: fresh.dataset.read }), conversation);
}

// The visible list as the server has it now, as far as it had been loaded.
export const fetchList = () => tried(listed());

async function listed() {
  const list = panel();
  if (!list?.dataset.url || !rows()) return;
  const { url, query } = list.dataset;
  const started = Date.now();
  const wanted = rows().querySelectorAll(".row").length;
  const page = elementFrom(await fetchText(`${url}?${query}`, "list"));
  let items = [...(page?.querySelector("#rows")?.children ?? [])];
  for (let pages = 1; pages < LONGEST_RESYNC && items.length < wanted; pages += 1) {
    const more = items.at(-1);
    if (!more?.matches(".rows__more")) break;
    items = [...items.slice(0, -1), ...elementsFrom(await fetchText(more.getAttribute("hx-get")))];
  }
  if (panel()?.dataset.query === query) merge(items, started);
}

// What an event has said since the fetch began is newer than what the server answered: where a row stands, and that it left.
function merge(items, started) {
  if (isPointedAt()) return mergeUnderPointer(items, started);
  const last = (row) => touched.get(Number(row.dataset.conversation));
  const list = rows();
  const ordered = items.filter((item) => !(last(item)?.left && last(item).at >= started)).map((item) => {
    const old = item.id ? document.getElementById(item.id) : null;
    if (!old) return item.dataset.conversation ? prepared(item, { [myself()]: item.dataset.read }) : item;
    const isNewer = Number(old.dataset.version) > Number(item.dataset.version);
    const isSame = old.dataset.version === item.dataset.version && old.dataset.read === item.dataset.read;
    return isNewer || isSame ? old : prepared(item, { [myself()]: item.dataset.read });
  });
  const held = [...waiting.values()].flatMap(({ fresh, leaving }) => (leaving ? [] : [fresh]));
  const merged = new Map(ordered.map((item) => [item.id, item]));
  const racing = [...list.children, ...held]
    .filter((row) => last(row)?.at >= started && !last(row).left)
    .map((row) => merged.get(row.id) ?? row);
  for (const [conversation, { at }] of touched) if (at < started) touched.delete(conversation);
  const known = new Set(list.children);
  waiting.clear();
  keepingFocus(() => {
    list.replaceChildren(...ordered);
    for (const row of racing) list.insertBefore(row, rowAfter(row, null));
  });
  for (const row of list.children) if (!known.has(row)) announce(row, "row", "gap");
  settle();
}

// Rows change where they are; new ones, moves and departures wait for the pointer to leave.
function mergeUnderPointer(items, started) {
  const listed = new Set(items.map((item) => item.dataset.conversation));
  const isRacing = (conversation) => touched.get(conversation)?.at >= started;
  for (const row of rows().children) {
    const conversation = Number(row.dataset.conversation);
    if (!conversation || listed.has(row.dataset.conversation) || isRacing(conversation)) continue;
    waiting.set(conversation, { fresh: row, leaving: true });
  }
  for (const item of items) {
    const { conversation, version, read } = item.dataset;
    const known = rowOf(conversation) ?? waiting.get(Number(conversation))?.fresh;
    if (!conversation || isRacing(Number(conversation)) || Number(known?.dataset.version) > Number(version)) continue;
    if (known?.dataset.version === version) setRead(known, Number(read));
    else place(prepared(item, { [myself()]: read }), Number(conversation));
  }
}

setInterval(() => !document.hidden && panel()?.dataset.timed !== undefined && fetchList(), TIMED);
