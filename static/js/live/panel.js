// The contact panel of the open conversation: fetched anew when consent, labels, name, numbers or team have changed, section
// by section. A section in which somebody is at work (focus, an open menu or form) is left alone until they leave it.

import { announce, elementFrom, fetchText, openConversation, tried } from "./parts.js";

const PATIENCE = 250; // several changes at once are one fetch
const KINDS = ["conversation", "message_changed"];

let timer = 0;
let waitingFor = null; // the panel somebody is at work in

export function applyToPanel(event) {
  if (KINDS.includes(event.kind) && event.conversation === openConversation()) soon();
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(fetchPanel, PATIENCE);
}

export const fetchPanel = () => tried(fetched());

async function fetched() {
  const conversation = openConversation();
  const address = document.querySelector("#thread [data-pane-link='contact']")?.getAttribute("href");
  if (!address || !document.getElementById("panel-scroll")) return;
  const fresh = elementFrom(await fetchText(address));
  const panel = document.getElementById("panel-scroll");
  if (panel && fresh && openConversation() === conversation) update(panel, fresh);
}

function update(panel, fresh) {
  const sections = [...panel.children];
  const wanted = [...fresh.children];
  if (sections.length !== wanted.length) {
    if (isBusy(panel)) return later(panel);
    panel.replaceChildren(...wanted);
    announce(panel, "panel", "changed");
    return;
  }
  sections.forEach((section, index) => {
    if (isBusy(section)) return later(panel);
    const other = wanted[index];
    if (section.matches("details")) other.open = section.open;
    section.replaceWith(other);
    announce(other, "panel", "changed");
  });
}

function later(panel) {
  if (waitingFor === panel) return;
  waitingFor = panel;
  const left = () => {
    waitingFor = null;
    soon();
  };
  panel.addEventListener("focusout", left, { once: true });
}

function isBusy(section) {
  const isAtWork = section.contains(document.activeElement) && !document.activeElement.matches("summary");
  return isAtWork || section.querySelector("details.ledger[open], [aria-expanded='true']") !== null;
}
