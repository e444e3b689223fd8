// Single keys and shortcuts (design.md §9). Single keys are off while somebody types, while a dialog or menu is open, and
// for whoever switched them off in the profile. Never Alt or Option with a letter: those make letters.

import { ajax } from "./http.js";
import { threadUnderway } from "./panes.js";
import { toastProblem } from "./toast.js";

const singleKeys = document.body.dataset.singleKeys === "true";
const GO_PATIENCE = 1200;
const ON_THREAD = "rnahleumt";
let goUntil = 0;
let meant = "";

const bar = () => document.querySelector("bulk-bar");
const composer = () => document.querySelector("message-composer:defined");
const click = (selector) => {
  const element = document.querySelector(selector);
  element?.click();
  return Boolean(element);
};

const SINGLE = {
  j: () => step(1),
  k: () => step(-1),
  r: () => composer()?.choose("reply"),
  n: () => composer()?.choose("note"),
  a: () => openMenu("A"),
  h: () => openMenu("H"),
  l: openLabels,
  x: () => bar()?.toggle(),
  f: () => openMenu("F"),
  e: () => click("#thread [data-key='E']"),
  u: () => click("#thread [data-key='U']"),
  m: assignToMe,
  z: () => click(".toast:last-child button:not([hidden])"),
  t: () => openPicker(),
  p: () => click("#thread [data-pane-link='contact']"),
  "?": () => document.getElementById("keys")?.showModal(),
  1: () => view(1), 2: () => view(2), 3: () => view(3), 4: () => view(4), 5: () => view(5),
};
const GO = { i: "inbox", c: "contacts", s: "settings" };

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
    event.preventDefault();
    commandBar();
    return;
  }
  if (event.altKey && !event.ctrlKey && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    step(event.key === "ArrowDown" ? 1 : -1);
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    if (!document.querySelector(":popover-open")) escape(event); // else it closes by itself
    return;
  }
  if (isBusy(event.target)) return;
  const key = event.key.toLowerCase();
  if (key.length === 1 && (meant || (singleKeys && threadUnderway() && ON_THREAD.includes(key)))) {
    event.preventDefault();
    if (meant) meant += event.key;
    else keepFor(threadUnderway(), key);
    return;
  }
  if (!singleKeys) return;
  const forAll = bar()?.hidden === false && document.querySelector(`bulk-bar [data-bulk='${CSS.escape(key.toUpperCase())}']`);
  if (forAll || (event.shiftKey && (key === "j" || key === "k") && bar())) {
    event.preventDefault();
    if (!forAll) bar().extend(key === "j" ? 1 : -1);
    else if (forAll.open) forAll.open();
    else forAll.click();
    return;
  }
  if (Date.now() < goUntil && GO[key]) {
    goUntil = 0;
    event.preventDefault();
    go(GO[key]);
  } else if (key === "g") {
    goUntil = Date.now() + GO_PATIENCE;
  } else if (SINGLE[key] && document.getElementById("list")) {
    event.preventDefault();
    SINGLE[key]();
  } else if (key === "?") {
    SINGLE["?"]();
  }
});

// Keys that come while the next thread is on its way mean that one, and what is typed after R or N goes into its field.
function keepFor(xhr, first) {
  meant ||= first;
  xhr.addEventListener("loadend", () => setTimeout(() => {
    if (threadUnderway()) return keepFor(threadUnderway()); // another was asked for since
    const [key, ...rest] = meant;
    meant = "";
    const writes = "rn".includes(key);
    if (writes || xhr.status === 200) SINGLE[key]();
    const field = document.activeElement;
    if (!writes || !rest.length || !field.dataset.text) return;
    field.setRangeText(rest.join(""), field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }));
}

// Open at once, so that nothing typed meanwhile counts as a key; what fills it comes with its first use.
export function commandBar() {
  const bar = document.getElementById("command-bar");
  if (bar.open) return bar.close();
  if (document.querySelector("dialog[open]")) return;
  bar.querySelector("input").value = "";
  bar.showModal();
  import("./command-bar.js").then(({ opened }) => opened(SINGLE)).catch(toastProblem);
}

function isBusy(target) {
  if (document.querySelector("dialog[open]") || document.querySelector("drop-menu [aria-expanded='true']")) return true;
  return target.closest?.("input:not([type='checkbox'], [type='radio']), textarea, select, [contenteditable='true']") !== null;
}

function escape(event) {
  if (document.querySelector("dialog[open]")) return;
  if (event.target.matches?.("input:not([type='checkbox']), textarea")) {
    event.target.blur();
  } else if (bar()?.hidden === false) {
    bar().choose([]);
  } else {
    (document.querySelector(".hit[aria-current], .row.is-current .row__link") ?? document.querySelector(".row .row__link, .hit"))?.focus();
  }
}

// The next or previous conversation of the list is opened as a click would.
function step(direction) {
  const links = [...document.querySelectorAll("#rows .row__link, .hit")];
  if (!links.length) return;
  const focused = links.indexOf(document.activeElement);
  const current = links.findIndex((link) => link.getAttribute("aria-current") === "true");
  const from = focused >= 0 ? focused : current;
  const next = links[from < 0 ? 0 : Math.min(links.length - 1, Math.max(0, from + direction))];
  next.closest("li").scrollIntoView({ block: "nearest" });
  const { activeElement: field } = document;
  if (!field.dataset.text) next.focus({ preventScroll: true });
  next.click();
  if (!field.dataset.text || !threadUnderway()) return;
  field.blur(); // what is typed from now on is for the next one
  keepFor(threadUnderway(), field.dataset.text[0]);
}

function view(number) {
  click(`.views [data-key='${number}']`);
}

export function openMenu(key) {
  document.querySelector(`drop-menu[data-key='${key}']`)?.open();
}

export function openPicker(template) {
  return import("./template-picker.js").then(({ open }) => open(template)).catch(toastProblem);
}

// The label menu lives in the contact panel, which narrower screens show only when asked.
function openLabels() {
  if (!document.getElementById("panel")?.checkVisibility({ visibilityProperty: true })) click("#thread [data-pane-link='contact']");
  openMenu("L");
}

function assignToMe() {
  const head = document.querySelector("#thread .thread__head");
  if (!head || head.dataset.assignee === document.body.dataset.agent) return;
  const url = head.querySelector("drop-menu[data-key='A'] .menu")?.getAttribute("hx-get");
  // Who had it on this screen: if somebody was faster, the server says so instead of taking it from them.
  if (url) ajax("POST", url, { target: head, swap: "none", values: { seen_assignee: head.dataset.assignee } });
}

function go(place) {
  const item = document.querySelector(`.rail__item[data-place='${place}']`);
  if (item) location.assign(item.href);
}
