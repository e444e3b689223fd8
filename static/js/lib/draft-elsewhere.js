// A draft of the open conversation has changed on another device of the same agent, or came back from the server. An
// untouched field takes it; otherwise a line offers it, and taking it offers the own text in turn: no word is lost.

import { say, word } from "./words.js";

const SHOWN = 80;

export function heard({ conversation, what, text, files, said }) {
  const composer = document.querySelector("message-composer");
  if (composer?.dataset.conversation !== String(conversation)) return;
  if (files) import("./files.js").then(({ reload }) => reload(composer)).catch(() => {});
  const field = composer.fields[what];
  const answer = composer.drafts.heard(what, text, field.value, said);
  const mine = field.value;
  if (answer === "take" || answer === "swap") put(composer, field, text);
  if (answer === "swap") offer(composer, what, mine, word("draft.back"));
  else if (answer === "offer") offer(composer, what, text, word("draft.take"));
}

function put(composer, field, text) {
  field.value = text;
  composer.count();
  composer.draw();
}

function offer(composer, what, text, action) {
  const line = composer.querySelector("[data-offer]");
  const start = [...text];
  const shown = start.length > SHOWN ? `${start.slice(0, SHOWN).join("")}…` : text;
  say(line, word("draft.elsewhere", { text: shown.replace(/\s+/g, " ") }));
  const [take, close] = line.querySelectorAll("button");
  take.textContent = action;
  close.onclick = () => (line.hidden = true);
  take.onclick = () => {
    const field = composer.fields[what];
    const mine = field.value;
    put(composer, field, text);
    composer.drafts.changed(what, composer.kept(what));
    field.focus();
    if (mine.trim()) offer(composer, what, mine, word("draft.back"));
    else line.hidden = true;
  };
}
