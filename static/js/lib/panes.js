// Addresses and panes. Opening a conversation or another view pushes its address; on narrow screens, where one pane is in
// front (list, thread or contact), so does changing the pane. Back and forward fetch only what is not on the page yet.

import { ajax } from "./http.js";

const inbox = () => document.querySelector("main.inbox");
const PATIENCE = 300;
const CONVERSATION = /^\/conversations\/(\d+)\/(contact\/)?$/;

// The focus goes along to the pane in front when what had it is out of sight now.
export function show(pane) {
  const main = inbox();
  if (!main) return;
  main.dataset.pane = pane;
  const focused = document.activeElement;
  const isLeft = pane !== "contact" && focused.closest("#panel");
  if (focused !== document.body && !isLeft && focused.checkVisibility({ visibilityProperty: true })) return;
  const row = document.querySelector("#rows .is-current .row__link") ?? document.querySelector("#rows .row__link");
  const places = { list: row, thread: document.querySelector(".thread__name a"), contact: document.getElementById("panel-scroll") };
  places[pane]?.focus({ preventScroll: true });
}

function paneOf(path) {
  const [, , contact] = CONVERSATION.exec(path) ?? [];
  if (contact) return "contact";
  return CONVERSATION.test(path) ? "thread" : "list";
}

function openId() {
  return document.getElementById("thread")?.dataset.conversation ?? "";
}

function push(address) {
  if (address !== location.pathname + location.search) history[isAhead ? "replaceState" : "pushState"]({}, "", address);
  isAhead = false;
}

// Only the last choice counts. Two answers would fight over thread, panel and address, and the later one would write into
// a part that the earlier one has already put away.
const underway = {};
export const threadUnderway = () => (underway.thread?.readyState % 4 ? underway.thread : null);
let isAhead = false; // the address is that of a thread whose outline is there, so that "back" leads to where one was
let isTakenBack = false; // by ourselves, since it did not come
document.addEventListener("htmx:beforeSend", ({ detail: { target, requestConfig, pathInfo, xhr } }) => {
  if (requestConfig.verb !== "get" || (target.id !== "thread" && target.id !== "list")) return;
  underway[target.id]?.abort();
  underway[target.id] = xhr;
  drawOutline(target, xhr, requestConfig.headers["X-Restored"] ? "" : pathInfo.requestPath.split("?")[0]);
});

// On a slow line an outline stands in for what is on its way (app.css), so that nobody writes into what is about to go.
function drawOutline(target, xhr, address) {
  const timer = setTimeout(() => {
    target.setAttribute("aria-busy", "true");
    if (target.id !== "thread") return;
    show("thread");
    if (!address || address === location.pathname) return;
    push(address);
    isAhead = true;
  }, PATIENCE);
  xhr.addEventListener("loadend", () => {
    clearTimeout(timer);
    target.removeAttribute("aria-busy");
    if (xhr.status === 200 || underway[target.id] !== xhr) return;
    if (!isAhead || target.id !== "thread") return show(paneOf(location.pathname));
    isTakenBack = true;
    history.back();
  });
}

// An event may replace or remove the row whose link has asked. htmx then reads the link's attributes without its list, and
// looks for the other parts where nothing is: it would put the new thread into the old one and leave the panel as it was.
let writing = ""; // whoever writes on goes on in the field of the next one
let left = null; // where the focus was, for what stands there afterwards
const controls = (part) => [...part.querySelectorAll("a[href], button, input, select, textarea, summary")].filter((each) => each.checkVisibility());
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const { activeElement: from } = document;
  const { id } = detail.target;
  const place = from.closest("drop-menu")?.button ?? from;
  left = id && detail.target.contains(from) ? { id, at: from.closest("#rows") ? -1 : controls(detail.target).indexOf(place) } : null;
  if (detail.target.id === "thread") writing = detail.target.contains(from) && from.dataset.text;
  if (detail.target.id === "thread" || detail.target.id === "list") detail.swapOverride = "outerHTML show:none";
});
document.addEventListener("htmx:oobErrorNoTarget", ({ detail: { content } }) => {
  const place = document.getElementById(content.id);
  if (!place) return;
  place.replaceWith(content);
  window.htmx.process(content);
});

// htmx has put another thread or another list in place.
document.addEventListener("htmx:afterSwap", ({ detail }) => {
  const { target, pathInfo, requestConfig, xhr } = detail;
  const part = document.activeElement === document.body && document.getElementById(left?.id);
  if (part && left.id !== "thread") {
    const next = left.at < 0 ? document.getElementById("list-scroll") : controls(part)[left.at] ?? controls(part).at(-1);
    next?.focus({ preventScroll: true });
  }
  if (!inbox() || requestConfig?.verb !== "get" || xhr.status !== 200) return;
  if (target.id === "thread") {
    if (!requestConfig.headers["X-Restored"]) push(pathInfo.requestPath.split("?")[0]);
    if (writing) document.querySelector("message-composer:defined")?.choose(writing);
    show("thread");
  } else if (target.id === "list" && !requestConfig.headers["X-Restored"]) {
    if (!openId()) push(`/?${document.getElementById("list").dataset.query}`);
  }
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-pane-link]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const wanted = link.dataset.paneLink;
  const pane = wanted === "contact" && inbox()?.dataset.pane === "contact" ? "thread" : wanted;
  push(pane === "contact" ? `/conversations/${openId()}/contact/` : pane === "thread" ? `/conversations/${openId()}/` : link.getAttribute("href"));
  show(pane);
  if (pane === "contact") document.getElementById("panel-scroll")?.focus({ preventScroll: true });
});

// Without a query the list stays what it is; only from search results there is a way back to it.
function isListed({ url, query }) {
  return url === location.pathname && (!location.search || location.search === `?${query}`);
}

window.addEventListener("popstate", () => {
  if (!inbox()) return;
  isAhead = false;
  if (!isTakenBack) underway.thread?.abort();
  isTakenBack = false;
  const [, id] = CONVERSATION.exec(location.pathname) ?? [];
  const pane = paneOf(location.pathname);
  if (id && id !== openId()) {
    const headers = { "X-Restored": "1" };
    window.htmx.ajax("GET", `/conversations/${id}/`, { target: "#thread", swap: "outerHTML", headers }).then(() => show(pane), () => {});
  } else if (!id && !isListed(document.getElementById("list").dataset)) {
    ajax("GET", location.pathname + location.search, { target: "#list", swap: "outerHTML", headers: { "X-Restored": "1" } });
    show(pane);
  } else {
    show(pane);
  }
});
