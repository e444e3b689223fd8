// Everything that happens without reload: the socket's events go to the list, the thread, the people and the counts.

import * as socket from "../socket.js";
import { applyToCounts, showTitle } from "./counts.js";
import { applyToPanel, fetchPanel } from "./panel.js";
import { applyToPeople, repaintPeople } from "./people.js";
import { applyToRows, fetchList, showHeldBack } from "./rows.js";
import { applyToThread, fetchChanges, fetchHead, forgetThread, openConversation } from "./thread.js";
import "./pill.js";

let shown = null;

export function start() {
  if (!document.body.dataset.agent) return;
  document.addEventListener("tresen:event", ({ detail }) => {
    applyToThread(detail);
    applyToRows(detail);
    applyToPeople(detail);
    applyToCounts(detail);
    applyToPanel(detail);
  });
  document.addEventListener("tresen:resync", ({ detail }) => {
    if (detail.list) fetchList();
    if (detail.thread) {
      fetchChanges();
      if (detail.first) return;
      fetchHead();
      fetchPanel();
    }
  });
  document.addEventListener("htmx:afterSettle", conversationShown);
  document.addEventListener("htmx:historyRestore", conversationShown);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-action='show-new']")) {
      showHeldBack();
      document.getElementById("list-scroll")?.scrollTo({ top: 0 });
    }
  });
  document.addEventListener("pointerout", (event) => {
    const list = document.getElementById("list-scroll");
    if (list?.contains(event.target) && !list.contains(event.relatedTarget)) showHeldBack();
  });
  shown = openConversation();
  socket.view(shown);
  socket.start();
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
