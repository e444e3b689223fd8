// Who keeps a draft: "✎ Mara" in the row, "Mara has a draft" below the thread. What a page was rendered with stands in
// data-drafters; after that events tell. Rows that come by events know nothing of it and are painted from memory.

import { myself, openConversation } from "./parts.js";
import { say, word } from "../lib/words.js";

const known = new Map(); // conversation → Map(agent → first name)

const writersOf = (conversation) => known.get(conversation) ?? new Map();

export function apply({ kind, conversation, agent, has }) {
  if (kind !== "drafting") return;
  const writers = writersOf(conversation);
  if (has) writers.set(agent.id, agent.name);
  else writers.delete(agent.id);
  known.set(conversation, writers);
  paintRow(document.getElementById(`row-${conversation}`));
  paintThread();
}

document.addEventListener("tresen:inserted", ({ target, detail }) => detail.kind === "row" && paintRow(target));
document.addEventListener("htmx:afterSettle", paintAll);
paintAll();

function paintAll() {
  for (const row of document.querySelectorAll("#rows > .row")) paintRow(row);
  paintThread();
}

function learn(place, conversation) {
  if (!place.dataset.drafters) return;
  known.set(conversation, new Map(JSON.parse(place.dataset.drafters).map(({ id, name }) => [id, name.split(" ")[0]])));
  delete place.dataset.drafters;
}

function paintRow(row) {
  const place = row?.querySelector(".row__draft");
  if (!place) return;
  const conversation = Number(row.dataset.conversation);
  learn(place, conversation);
  const names = [...writersOf(conversation)].map(([id, name]) => (id === myself() ? word("draft.own") : name));
  say(place, names.join(", "));
}

function paintThread() {
  const place = document.querySelector(".thread__drafts");
  if (!place) return;
  learn(place, openConversation());
  const names = [...writersOf(openConversation())].filter(([id]) => id !== myself()).map(([, name]) => name);
  say(place, names.length > 1 ? word("draft.many", { names: names.join(", ") }) : names.length ? word("draft.one", { name: names[0] }) : "");
}
