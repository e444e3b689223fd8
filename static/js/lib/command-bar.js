// The command bar, loaded with its first Ctrl/⌘ K: <dialog id="command-bar"> with a combobox over options that the server
// renders, data-do saying what each does (inbox/commands.py). The focus stays in the field.

import { ajax, getHtml, send } from "./http.js";
import { activate, activeOf, stepped } from "./options.js";
import { toastProblem } from "./toast.js";

const PATIENCE = 120;
const RECENT = 8;
const dialog = document.getElementById("command-bar");
const [input, list] = [dialog.querySelector("input"), dialog.querySelector("[role='listbox']")];
const store = `recent-${document.body.dataset.agent}`;
let timer = 0;
let asked = 0;
let able = {}; // what single keys do

export function opened(single) {
  able = single;
  ask();
}

dialog.addEventListener("close", () => list.replaceChildren());

input.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(ask, PATIENCE);
});

input.addEventListener("keydown", (event) => {
  if (stepped(event, input, all()) || event.key !== "Enter" || event.isComposing) return;
  event.preventDefault();
  activeOf(input)?.click();
});

list.addEventListener("click", (event) => {
  const option = event.target.closest("[role='option']");
  if (!option) return;
  if (option.dataset.key) remember(option.dataset.key);
  // Once the dialog has gone: the focus has returned by then, and what is done may move it.
  dialog.addEventListener("close", () => run(JSON.parse(option.dataset.do)), { once: true });
  dialog.close();
});

const all = () => [...list.querySelectorAll("[role='option']")];
const bulk = () => document.querySelector("bulk-bar");
const isInSight = (pane) => pane?.checkVisibility({ visibilityProperty: true });
const recent = () => JSON.parse(localStorage.getItem(store) ?? "[]");

function remember(key) {
  localStorage.setItem(store, JSON.stringify([key, ...recent().filter((each) => each !== key)].slice(0, RECENT)));
}

async function ask() {
  const number = (asked += 1);
  const thread = document.getElementById("thread");
  const query = new URLSearchParams({ q: input.value, recent: recent().join() });
  if (isInSight(thread)) query.set("conversation", thread.dataset.conversation ?? "");
  if (bulk()) query.set("selected", bulk().selected.size);
  try {
    const html = await getHtml(`${dialog.dataset.url}?${query}`);
    if (number !== asked) return;
    list.innerHTML = html;
    list.scrollTop = 0;
    activate(input, all()[0]);
  } catch (error) {
    if (number === asked) toastProblem(error);
  }
}

function run(task) {
  if (task.key) able[task.key]();
  else if (task.click) document.querySelector(task.click)?.click();
  else if (task.menu) document.querySelector(`drop-menu[data-key="${task.menu}"]`)?.open();
  else if (task.open) swap(task.open, "thread");
  else if (task.list) swap(task.list, "list");
  else if (task.go) location.assign(task.go);
  else if (task.tab) window.open(task.tab, "_blank", "noopener");
  else if (!task.confirm || window.confirm(task.confirm)) deliver(task);
}

function swap(address, id) {
  if (!document.getElementById(id)) return location.assign(address);
  const target = `#${id}`;
  return window.htmx.ajax("GET", address, { target, swap: "outerHTML" }).then(() => id === "list" && showList(), () => {});
}

function showList() {
  if (!isInSight(document.getElementById("list"))) document.querySelector("#thread [data-pane-link='list']")?.click();
  document.querySelector("#list :is(#search, .row__link)")?.focus();
}

async function deliver({ send: address, method, values = {}, after, swap: target, rows }) {
  if (rows) values.rows = bulk().querySelector("[name='rows']").value;
  if (!after) return ajax(method, address, { target: target ?? "body", swap: target ? "outerHTML" : "none", values });
  try {
    await send(method, address, new URLSearchParams(values));
    location.assign(after === "reload" ? location.href : after);
  } catch (error) {
    toastProblem(error);
  }
}
