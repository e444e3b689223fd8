// What an open conversation needs. It comes with the page that shows one, else once somebody points at the list or opens
// the first (live/start.js).

import "./elements/appear-at.js";
import "./elements/combo-list.js";
import "./elements/message-composer.js";
import "./elements/thread-scroll.js";
import "./elements/voice-player.js";
import "./lib/composer-tools.js";
import "./lib/thread-actions.js";
import { applyToPanel, fetchPanel } from "./live/panel.js";
import { applyToThread, fetchChanges, fetchHead, fetchLater, forgetThread } from "./live/thread.js";

export { forgetThread };

export function apply(event) {
  applyToThread(event);
  applyToPanel(event);
}

// As the server has it now. Between a page and its first connection whatever changes the head leaves a line in the thread.
export async function bringUpToDate(isFirst = false) {
  const isMissed = await fetchChanges();
  if (isFirst && !isMissed) return;
  fetchHead();
  fetchPanel();
  fetchLater();
}
