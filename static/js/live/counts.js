// The numbers beside the views, on the rail and in the window's title. The server sends them when they change; only a
// list narrowed to one team asks for its own, at most every 10 s.

import { fetchText } from "./parts.js";

const OWN_EVERY = 10_000;

let title = document.title.replace(/^\(\d+\+?\) /, "");
let unread = null;
let ownTimer = 0;

export function applyToCounts(event) {
  if (event.kind !== "counts") return;
  showUnread(event.unread);
  if (document.getElementById("list")?.dataset.team) askForOwn();
  else showViews(event);
}

function askForOwn() {
  if (ownTimer || document.hidden) return;
  ownTimer = setTimeout(async () => {
    ownTimer = 0;
    const url = document.querySelector("view-counts")?.dataset.url;
    const team = document.getElementById("list")?.dataset.team;
    if (!url || !team) return;
    try {
      showViews(JSON.parse(await fetchText(`${url}?team=${team}`)));
    } catch (error) {
      console.warn("The counts could not be fetched", error);
    }
  }, OWN_EVERY);
}

function showViews(counts) {
  for (const place of document.querySelectorAll("view-counts [data-count]")) {
    if (place.dataset.count in counts) place.textContent = words(counts[place.dataset.count]);
  }
}

function showUnread(count) {
  unread = count;
  const badge = document.getElementById("rail-unread");
  if (badge) {
    badge.hidden = !count;
    badge.querySelector("[data-count]").textContent = words(count);
  }
  showTitle();
}

export function showTitle() {
  const bare = document.title.replace(/^\(\d+\+?\) /, "");
  if (bare) title = bare;
  if (unread !== null) document.title = unread ? `(${words(unread)}) ${title}` : title;
}

function words(count) {
  return count ? (count < 100 ? String(count) : "99+") : "";
}
