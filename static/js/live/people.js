// Colleagues: who is writing, who is looking. A notice of writing lasts 6 s by the page's own clock.
//   <typing-line hidden><span class="avatars"></span><span data-words></span>…</typing-line>
//   <viewer-list hidden></viewer-list>   <span class="row__typing" hidden></span>, <span class="row__viewers" hidden> in rows

import { myself, openConversation } from "./parts.js";
import { say, word } from "../lib/words.js";

const TYPING_LASTS = 6_000;

const typing = new Map(); // conversation → Map(agent → { agent, what, timer })
const viewing = new Map(); // conversation → colleagues who have it open

export function apply(event) {
  if (event.kind === "typing") startTyping(event);
  else if (event.kind === "viewing") showViewers(event);
  else if (event.kind === "message" || event.kind === "note") stopTyping(event.conversation);
}

function startTyping({ conversation, agent, what }) {
  if (agent.id === myself()) return;
  const writers = typing.get(conversation) ?? new Map();
  typing.set(conversation, writers);
  clearTimeout(writers.get(agent.id)?.timer);
  const timer = setTimeout(() => {
    writers.delete(agent.id);
    paintTyping(conversation);
  }, TYPING_LASTS);
  writers.set(agent.id, { agent, what, timer });
  paintTyping(conversation);
}

function stopTyping(conversation) {
  for (const { timer } of typing.get(conversation)?.values() ?? []) clearTimeout(timer);
  if (typing.delete(conversation)) paintTyping(conversation);
}

function paintTyping(conversation) {
  const writer = [...(typing.get(conversation)?.values() ?? [])][0];
  paintRow(conversation, writer);
  if (conversation !== openConversation()) return;
  const line = document.querySelector("typing-line");
  if (!line) return;
  line.querySelector(".avatars").replaceChildren(...(writer ? [face(writer.agent)] : []));
  say(line, writer ? word(`typing.${writer.what}`, { name: writer.agent.name }) : "");
}

function paintRow(conversation, writer) {
  const row = document.getElementById(`row-${conversation}`);
  const place = row?.querySelector(".row__typing");
  if (!place) return;
  place.hidden = !writer;
  place.textContent = writer ? word("typing.row", { name: writer.agent.name }) : "";
  row.querySelector(".row__snippet")?.classList.toggle("is-typing", Boolean(writer));
  row.querySelector(".row__text")?.toggleAttribute("hidden", Boolean(writer));
}

function showViewers({ conversation, agents }) {
  const others = agents.filter((agent) => agent.id !== myself());
  if (others.length) viewing.set(conversation, others);
  else viewing.delete(conversation);
  paintRowViewers(conversation);
  paintViewers();
}

function paintRowViewers(conversation) {
  const place = document.getElementById(`row-${conversation}`)?.querySelector(".row__viewers");
  if (!place) return;
  const agents = viewing.get(conversation) ?? [];
  place.hidden = agents.length === 0;
  place.title = viewingWords(agents);
  place.replaceChildren(...agents.slice(0, 3).map(face));
}

// A row that was put in anew knows nothing of who is there.
document.addEventListener("tresen:inserted", ({ target, detail }) => {
  if (detail.kind === "row" && viewing.has(Number(target.dataset.conversation))) paintRowViewers(Number(target.dataset.conversation));
});
document.addEventListener("htmx:afterSettle", ({ detail: { target } }) => {
  if (target.id === "list") for (const conversation of viewing.keys()) paintRowViewers(conversation);
  if (target.id !== "thread") return;
  paintTyping(openConversation());
  paintViewers();
});

function paintViewers() {
  const place = document.querySelector("viewer-list");
  if (!place) return;
  const agents = viewing.get(openConversation()) ?? [];
  place.hidden = agents.length === 0;
  if (!agents.length) return place.replaceChildren();
  const faces = document.createElement("span");
  faces.className = "avatars";
  faces.append(...agents.slice(0, 4).map(face));
  const words = document.createElement("span");
  words.className = "only-wide truncate";
  words.textContent = viewingWords(agents);
  place.replaceChildren(faces, words);
}

function viewingWords(agents) {
  const names = agents.map((agent) => agent.name);
  return names.length === 1 ? word("viewing.one", { name: names[0] }) : word("viewing.many", { names: names.join(", ") });
}

function face(agent) {
  const square = document.createElement("span");
  square.className = "avatar avatar--agent avatar--xs";
  square.dataset.hue = agent.hue;
  square.title = agent.name;
  square.setAttribute("aria-hidden", "true");
  square.textContent = agent.initials;
  return square;
}
