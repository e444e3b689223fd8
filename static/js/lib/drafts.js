// Keeps what is typed: on the server within a second, and in this tab when the server cannot be reached.

import { now } from "./clock.js";
import { post } from "./http.js";

export const PAGE = crypto.randomUUID(); // what this page saved itself is no news to it
const PAUSE = 700;

// By person: who signs in next in this tab must not find what somebody else could not save any more.
const OWN = `draft:${document.body.dataset.agent}:`;
const key = (conversation, kind) => `${OWN}${conversation}:${kind}`;
const savedKey = (conversation, kind) => `${key(conversation, kind)}:saved`;

// What remains of a kept text once this part of it has become a message.
export function without(kept, text) {
  if (kept.trim() === text) return "";
  return kept.startsWith(`${text}\n`) ? kept.slice(text.length + 1) : kept;
}

// The server has taken the text while another conversation was on the screen: it must not come back as a draft.
export function settle(conversation, kind, text) {
  const here = sessionStorage.getItem(key(conversation, kind));
  if (here === null) return;
  const rest = without(here, text);
  sessionStorage.removeItem(savedKey(conversation, kind));
  if (rest) sessionStorage.setItem(key(conversation, kind), rest);
  else sessionStorage.removeItem(key(conversation, kind));
}

// What could not be saved under an address that is gone goes on in the composer that has taken its place.
export function follow(from) {
  const composer = document.querySelector(`message-composer:not([data-conversation='${from}'])`);
  for (const [kind, field] of Object.entries(composer?.fields ?? {})) {
    const text = sessionStorage.getItem(key(from, kind));
    const isSaved = sessionStorage.getItem(savedKey(from, kind));
    for (const name of [key(from, kind), savedKey(from, kind)]) sessionStorage.removeItem(name);
    if (!text || isSaved || field.value.includes(text)) continue;
    field.value = text.startsWith(field.value) ? text : `${field.value}\n${text}`;
    composer.typed(kind);
  }
}

export class DraftKeeper {
  constructor(conversation, url, renderedAt) {
    this.conversation = conversation;
    this.url = url;
    this.renderedAt = renderedAt;
    this.timers = {};
    this.latest = {};
    this.busy = {}; // kind → promise of what is on its way
    this.saved = {};
    this.isOwn = {}; // whether it was typed here
  }

  // The text to begin with: what this tab could not bring to the server goes first, and so does what it brought there
  // while this page was on its way.
  begin(kind, fromServer) {
    this.saved[kind] = fromServer;
    const here = sessionStorage.getItem(key(this.conversation, kind));
    const savedAt = Number(sessionStorage.getItem(savedKey(this.conversation, kind)));
    if (here !== null && (!savedAt || savedAt >= this.renderedAt)) {
      if (here !== fromServer) this.changed(kind, here);
      return here;
    }
    this.forget(kind);
    return fromServer;
  }

  forget(kind) {
    sessionStorage.removeItem(key(this.conversation, kind));
    sessionStorage.removeItem(savedKey(this.conversation, kind));
  }

  changed(kind, text) {
    this.latest[kind] = text;
    sessionStorage.setItem(key(this.conversation, kind), text);
    sessionStorage.removeItem(savedKey(this.conversation, kind));
    clearTimeout(this.timers[kind]);
    this.timers[kind] = setTimeout(() => this.save(kind, text), PAUSE);
  }

  // The server has taken it as a message and forgets the draft by itself. One that was still on its way there may come
  // after that, and is taken back.
  sent(kind, text) {
    clearTimeout(this.timers[kind]);
    this.timers[kind] = 0;
    this.saved[kind] = "";
    this.latest[kind] = text;
    this.forget(kind);
    this.busy[kind] = this.busy[kind]?.then(() => (this.timers[kind] ? null : this.save(kind, this.latest[kind])));
    if (text) this.changed(kind, text);
  }

  save(kind, text) {
    clearTimeout(this.timers[kind]);
    this.timers[kind] = 0;
    if (text !== this.saved[kind]) return (this.busy[kind] = this.bring(kind, text));
    return this.forget(kind);
  }

  async bring(kind, text) {
    try {
      await post(this.url, { kind, text, page: PAGE });
      this.saved[kind] = text;
      this.isOwn[kind] = true;
      if (sessionStorage.getItem(key(this.conversation, kind)) === text) sessionStorage.setItem(savedKey(this.conversation, kind), now());
    } catch {
      // It stays in this tab, and the next change or the next visit saves it.
    }
  }

  // Resolves once the server has what is there.
  flush(kind) {
    return this.timers[kind] ? this.save(kind, this.latest[kind]) : this.busy[kind];
  }

  // The server holds another text, from another page of this agent. A field in which nothing new was typed takes it
  // ("take"), and what was typed here and is not in it is offered ("swap"); to somebody who has typed since it is offered.
  // `said` there, the draft is none any more, unless it was another one that was typed here.
  heard(kind, text, value, said) {
    const isUntouched = value === this.saved[kind];
    const isAnother = this.isOwn[kind] && said && !said.startsWith(value.trim());
    this.saved[kind] = text;
    if (value === text) return "";
    if (!isUntouched) return value.startsWith(text) ? "" : "offer";
    if (isAnother) return void this.changed(kind, value);
    const isReplaced = this.isOwn[kind] && value.trim() && text && !text.startsWith(value);
    this.isOwn[kind] = false;
    this.forget(kind);
    return isReplaced ? "swap" : "take";
  }
}

// A window that is closed has no time to wait: what has not been saved yet is sent along.
window.addEventListener("pagehide", () => {
  for (const [name, text] of Object.entries(sessionStorage)) {
    if (!name.startsWith(OWN)) continue;
    const [conversation, kind, mark] = name.slice(OWN.length).split(":");
    if (mark || sessionStorage.getItem(savedKey(conversation, kind))) continue;
    const data = new FormData();
    for (const [field, value] of Object.entries({ kind, text, page: PAGE, csrfmiddlewaretoken: document.body.dataset.csrf })) data.set(field, value);
    navigator.sendBeacon(`/conversations/${conversation}/draft/`, data);
  }
});
