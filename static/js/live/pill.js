// <connection-pill hidden><span data-icon="connecting">…<span data-icon="offline">…<span data-icon="open">…<span data-words>
// Appears only when the connection has been away for 2 s, and says for 2 s that it is back; of a first one nobody need hear.

import { say, word } from "../lib/words.js";

const PATIENCE = 2_000;

const pill = document.querySelector("connection-pill");
let wasOpen = false;
let timer = 0;

function show(state) {
  clearTimeout(timer);
  if (state === "open") {
    if (!wasOpen || pill.hidden) {
      wasOpen = true;
      pill.hidden = true;
      return;
    }
    tell(state, "connection.back");
    timer = setTimeout(() => (pill.hidden = true), PATIENCE);
    return;
  }
  const key = state === "offline" ? "connection.offline" : wasOpen ? "connection.connecting" : "connection.first";
  timer = setTimeout(() => tell(state, key), pill.hidden ? PATIENCE : 0);
}

function tell(state, key) {
  pill.classList.toggle("connection--bad", state === "offline");
  for (const icon of pill.querySelectorAll("[data-icon]")) icon.hidden = icon.dataset.icon !== state;
  say(pill, word(key));
}

if (pill) document.addEventListener("tresen:state", ({ detail }) => show(detail));
