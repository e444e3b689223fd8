// A saved filter was made, changed or deleted, or the label of the list's is another now: name, menu and what the list
// holds follow.

import { elementFrom, fetchText, tried } from "./parts.js";
import { ajax } from "../lib/http.js";

const PARTS = [".pane__title", "view-counts .menu", ".chips"];

export const apply = ({ kind }) => kind === "filters" && refresh();

export function refresh(query = shown()?.query) {
  const list = shown();
  if (list && !document.querySelector("#list .hits")) tried(follow(list, query));
}

const shown = () => document.getElementById("list")?.dataset;

async function follow(list, query) {
  const fresh = elementFrom(await fetchText(`${list.url}?${query}`, "list"));
  if (shown() !== list) return; // left meanwhile
  if (fresh.dataset.query !== list.query) return swap(list, query);
  for (const part of PARTS) {
    const [old, now] = [document.querySelector(`#list ${part}`), fresh.querySelector(part)];
    if (!old || !now) continue;
    old.replaceChildren(...now.childNodes);
    window.htmx.process(old);
  }
}

// Another list: what is being typed into the search stays.
async function swap(list, query) {
  const typed = document.getElementById("search").value;
  await ajax("GET", `${list.url}?${query}`, { target: "#list", swap: "outerHTML", headers: { "X-Restored": "1" } });
  if (typed) document.getElementById("search").value = typed;
  if (location.search === `?${list.query}`) history.replaceState({}, "", `/?${shown().query}`);
}
