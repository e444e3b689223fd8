// Everything that happens without reload: the socket's events go to the list, the thread, the people and the counts.

import * as socket from "../socket.js";
import { applyToCounts, showTitle } from "./counts.js";
import { applyToLabels } from "./labels.js";
import { applyToNotices, listen } from "./notices.js";
import { applyToPanel, fetchPanel } from "./panel.js";
import { applyToPeople, repaintPeople } from "./people.js";
import { applyToRows, fetchList, showHeldBack } from "./rows.js";
import { applyToThread, fetchChanges, fetchHead, fetchLater, forgetThread, openConversation } from "./thread.js";
import "./pill.js";

const OWN_PATIENCE = 300; // what one has brought back oneself does not wait for the pointer to leave
const CONVERSATION = /^\/conversations\/(\d+)\//;

let shown = null;
let asked = Infinity; // when the thread on its way was asked for
const heard = new Map(); // conversation → when its last event came

export function start() {
  if (!document.body.dataset.agent) return;
  document.addEventListener("tresen:event", ({ detail }) => {
    if (detail.conversation) heard.set(detail.conversation, Date.now());
    applyToThread(detail);
    applyToRows(detail);
    applyToPeople(detail);
    applyToCounts(detail);
    applyToPanel(detail);
    applyToLabels(detail);
    applyToNotices(detail);
    if (detail.kind === "alert" && detail.alert !== "nobody_free") askForWarnings();
  });
  document.addEventListener("tresen:resync", async ({ detail }) => {
    if (!detail.first) askForWarnings();
    if (detail.list) fetchList();
    if (detail.thread) {
      const isMissed = await fetchChanges();
      // Between this page and its first connection: whatever changes the head leaves a line in the thread.
      if (detail.first && !isMissed) return;
      fetchHead();
      fetchPanel();
      fetchLater().catch(() => {});
    }
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
    fetchChanges();
  });
  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    conversationShown();
    if (detail.target.id === "thread") catchUp();
  });
  document.addEventListener("htmx:historyRestore", conversationShown);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-action='show-new']")) {
      showHeldBack();
      document.getElementById("list-scroll")?.scrollTo({ top: 0 });
    }
  });
  document.addEventListener("bulk:done", showHeldBack);
  document.addEventListener("toast:undone", () => setTimeout(showHeldBack, OWN_PATIENCE));
  document.addEventListener("pointerout", (event) => {
    const list = document.getElementById("list-scroll");
    if (list?.contains(event.target) && !list.contains(event.relatedTarget)) showHeldBack();
  });
  shown = openConversation();
  socket.view(shown);
  socket.start();
  showTitle();
  listen();
}

// The banners of those who lead are fetched anew (templates/app.html).
function askForWarnings() {
  document.dispatchEvent(new Event("tresen:warnings"));
}

// An event that came while the thread was on its way found nothing to change, and what was rendered may be older than it.
function catchUp() {
  const since = asked;
  asked = Infinity;
  if (!(heard.get(openConversation()) >= since)) return;
  fetchChanges();
  fetchHead();
  fetchPanel();
}

// htmx put another thread in place: tell the server what is open now.
function conversationShown() {
  showTitle();
  const now = openConversation();
  if (now === shown) return;
  shown = now;
  forgetThread();
  socket.view(now);
  repaintPeople();
}
