// Everything that happens without reload: the socket's events go to the list, the thread, the people and the counts.

import { ajax } from "../lib/http.js";
import * as socket from "../socket.js";
import { applyToCounts, showTitle } from "./counts.js";
import { applyToNotices, listen } from "./notices.js";
import { myself, openConversation } from "./parts.js";
import "./pill.js";

const OWN_PATIENCE = 300; // what one has brought back oneself does not wait for the pointer to leave
const CONVERSATION = /^\/conversations\/(\d+)\//;
// Many pages never hear of these: what acts on them comes with the first.
const SELDOM = [
  { kinds: ["typing", "viewing"], load: () => import("./people.js") },
  { kinds: ["drafting"], load: () => import("./drafting.js") },
  { kinds: ["label"], load: () => import("./labels.js") },
  { kinds: ["filters"], load: () => import("./filters.js") },
];

let rows = null; // the promise of what a list needs
let conversation = null; // and of what an open one needs
let isLoaded = false;
let shown = null;
let asked = Infinity; // when the thread on its way was asked for
const heard = new Map(); // conversation → when its last event came

export function start() {
  if (!document.body.dataset.agent) return;
  document.addEventListener("tresen:event", ({ detail }) => {
    if (detail.conversation) heard.set(detail.conversation, Date.now());
    withConversation(({ apply }) => apply(detail));
    withRows(({ applyToRows }) => applyToRows(detail));
    applyToCounts(detail);
    applyToNotices(detail);
    for (const each of SELDOM) {
      if (each.kinds.includes(detail.kind)) each.module ??= each.load();
      each.module?.then(({ apply }) => apply(detail), () => (each.module = null)); // was cut off: asked for anew
    }
    if (detail.kind === "people") showAvailability(detail);
    if (detail.kind === "alert" && detail.alert !== "nobody_free") askForWarnings();
  });
  document.addEventListener("tresen:resync", ({ detail }) => {
    if (!detail.first) askForWarnings();
    if (detail.list) withRows(({ fetchList }) => fetchList());
    if (detail.thread) bringUpToDate(detail.first);
  });
  // The first conversation waits for what it needs.
  document.getElementById("list")?.addEventListener("pointerover", opening, { once: true });
  document.addEventListener("htmx:confirm", (event) => {
    const { target, path, issueRequest } = event.detail;
    if (isLoaded || target.id !== "thread") return;
    event.preventDefault();
    opening().then(() => issueRequest(), () => location.assign(path));
  });
  // Marks only go to whoever has the conversation open: the server hears of it before it renders the thread.
  document.addEventListener("htmx:beforeSend", ({ detail }) => {
    if (detail.target.id !== "thread") return;
    asked = Date.now();
    const [, id] = CONVERSATION.exec(detail.pathInfo.requestPath) ?? [];
    if (id) socket.view(Number(id));
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.successful || detail.target.id !== "thread") return;
    socket.view(shown);
    bringUpToDate();
  });
  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    conversationShown();
    if (detail.target.id === "thread") catchUp();
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-action='show-new']")) return;
    showNew();
    document.getElementById("list-scroll")?.scrollTo({ top: 0 });
  });
  document.addEventListener("bulk:done", showNew);
  document.addEventListener("toast:undone", () => setTimeout(showNew, OWN_PATIENCE));
  document.addEventListener("pointerout", (event) => {
    const list = document.getElementById("list-scroll");
    if (list?.contains(event.target) && !list.contains(event.relatedTarget)) showNew();
  });
  shown = openConversation();
  if (shown) opening();
  socket.view(shown);
  socket.start();
  showTitle();
  listen();
}

function opening() {
  conversation ??= import("../conversation.js");
  conversation.then(() => (isLoaded = true), () => (conversation = null));
  return conversation;
}

// Only pages with a list need what moves its rows. Cut off on its way, it is asked for anew with the next event or connection.
function withRows(act) {
  if (document.getElementById("list")) rows ??= import("./rows.js");
  rows?.then(act, () => (rows = null));
}

function showNew() {
  withRows(({ showHeldBack }) => showHeldBack());
}

function withConversation(act) {
  (shown ? opening() : conversation)?.then(act, () => {});
}

function bringUpToDate(isFirst) {
  withConversation((module) => module.bringUpToDate(isFirst));
}

// One's own, changed elsewhere.
function showAvailability({ agents }) {
  if (!agents.some((agent) => agent.id === myself())) return;
  for (const form of document.querySelectorAll("form.availability")) {
    const url = `${form.getAttribute("hx-post")}?here=${form.elements.here.value}`;
    ajax("GET", url, { target: form, swap: "outerHTML" });
  }
}

// The banners of those who lead are fetched anew (templates/app.html).
function askForWarnings() {
  document.dispatchEvent(new Event("tresen:warnings"));
}

// An event that came while the thread was on its way found nothing to change, and what was rendered may be older than it.
function catchUp() {
  const since = asked;
  asked = Infinity;
  if (heard.get(openConversation()) >= since) bringUpToDate();
}

// htmx put another thread in place: tell the server what is open now.
function conversationShown() {
  showTitle();
  const now = openConversation();
  if (now === shown) return;
  shown = now;
  withConversation(({ forgetThread }) => forgetThread());
  socket.view(now);
}
