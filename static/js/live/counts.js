// The numbers beside the views, on the rail, in the window's title, its icon and that of the installed app. The server sends them when they change; only a
// list narrowed to one team asks for its own, at most every 10 s.

import { fetchText, tried } from "./parts.js";

const OWN_EVERY = 10_000;

let title = document.title.replace(/^\(\d+\+?\) /, "");
let unread = document.querySelector("#rail-unread [data-count]")?.textContent ?? "";
let ownTimer = 0;

export function applyToCounts(event) {
  if (event.kind !== "counts") return;
  showUnread(event.unread);
  const { mine, unassigned, mentions, ...saved } = event;
  showViews(saved);
  if (document.getElementById("list")?.dataset.team) askForOwn();
  else showViews({ mine, unassigned, mentions });
}

// What changed while nobody looked was not asked for.
document.addEventListener("visibilitychange", () => document.getElementById("list")?.dataset.team && askForOwn());

function askForOwn() {
  if (ownTimer || document.hidden) return;
  ownTimer = setTimeout(() => {
    ownTimer = 0;
    const url = document.querySelector("view-counts")?.dataset.url;
    const team = document.getElementById("list")?.dataset.team;
    if (url && team) tried(fetchText(`${url}?team=${team}`).then((text) => showViews(JSON.parse(text))));
  }, OWN_EVERY);
}

function showViews(counts) {
  for (const place of document.querySelectorAll("view-counts [data-count]")) {
    if (place.dataset.count in counts) place.textContent = words(counts[place.dataset.count]);
  }
}

function showUnread(count) {
  unread = words(count);
  const badge = document.getElementById("rail-unread");
  if (badge) {
    badge.hidden = !count;
    badge.querySelector("[data-count]").textContent = unread;
  }
  showTitle();
}

export function showTitle() {
  const bare = document.title.replace(/^\(\d+\+?\) /, "");
  if (bare) title = bare;
  document.title = unread ? `(${unread}) ${title}` : title;
  const icon = document.querySelector("link[rel='icon']");
  icon.dataset.plain ??= icon.href;
  const wanted = unread ? `/favicon/${parseInt(unread)}.svg` : icon.dataset.plain;
  if (icon.href !== new URL(wanted, location).href) icon.href = wanted;
  navigator.setAppBadge?.(parseInt(unread) || 0).catch(() => {});
}

function words(count) {
  return count ? (count < 100 ? String(count) : "99+") : "";
}
