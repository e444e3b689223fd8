// Elements out of the server's fragments, and putting them in place without losing focus or waking screen readers.

import { mark } from "../lib/by-hand.js";

export const elementFrom = (html) => elementsFrom(html)[0];

export function elementsFrom(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return [...template.content.children];
}

// Tell htmx and the page's own elements that something is new or different here.
export function announce(element, kind, how) {
  window.htmx?.process(element);
  element.dispatchEvent(new CustomEvent("tresen:inserted", { bubbles: true, detail: { kind, how } }));
}

export function replace(old, fresh) {
  keepOpen(old, fresh);
  const focused = old.contains(document.activeElement) ? selectorOf(document.activeElement, old) : null;
  // What is being listened to goes on.
  const player = old.querySelector("voice-player.is-playing");
  if (player) fresh.querySelector(`voice-player[data-src="${CSS.escape(player.dataset.src)}"]`)?.replaceWith(player);
  old.replaceWith(fresh);
  if (!focused) return;
  const places = [...fresh.querySelectorAll(focused), fresh, ...fresh.querySelectorAll("a[href], button")];
  for (const place of places) if (!fresh.contains(document.activeElement)) place.focus({ preventScroll: true });
}

// What a reader has opened in an item stays open when it is drawn anew.
function keepOpen(old, fresh) {
  for (const part of old.querySelectorAll(".bubble details[open]")) fresh.querySelector(`details.${part.className}`)?.setAttribute("open", "");
  const more = fresh.querySelector(".bubble__more");
  if (old.querySelector(".bubble__more[aria-expanded='true']")) more?.replaceWith(old.querySelector(".bubble__more"));
}

const MARKS = ["data-key", "data-action", "title", "data-pane-link"];

function selectorOf(element, root) {
  if (element === root) return ":scope";
  const mark = MARKS.find((name) => element.hasAttribute(name));
  if (mark) return `[${mark}="${CSS.escape(element.getAttribute(mark))}"]`;
  return `${element.localName}${element.classList[0] ? `.${CSS.escape(element.classList[0])}` : ""}`;
}

// Changes inside a live region that are no news (a mark, an edit) must not be read out.
export function quietly(region, change) {
  const before = region.getAttribute("aria-live");
  region.setAttribute("aria-live", "off");
  change();
  requestAnimationFrame(() => (before === null ? region.removeAttribute("aria-live") : region.setAttribute("aria-live", before)));
}

export function openConversation() {
  const id = document.getElementById("thread")?.dataset.conversation;
  return id ? Number(id) : null;
}

// What is only brought up to date may fail: the next event or connection brings it.
export const tried = (promise) => promise.catch((error) => console.warn("Not brought up to date", error));

export function myself() {
  return Number(document.body.dataset.agent);
}

export async function fetchText(url, target) {
  const headers = { "HX-Request": "true", ...(target ? { "HX-Target": target } : {}), ...mark() };
  const response = await fetch(url, { headers });
  if (!response.ok || response.redirected) throw new Error(`${response.status} ${url}`);
  return response.text();
}
