// Keeps what is typed: on the server within a second, and in this tab when the server cannot be reached.

import { post } from "./http.js";

const PAUSE = 700;

const key = (conversation, kind) => `draft:${conversation}:${kind}`;

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
  if (rest) sessionStorage.setItem(key(conversation, kind), rest);
  else sessionStorage.removeItem(key(conversation, kind));
}

export class DraftKeeper {
  constructor(conversation, url) {
    this.conversation = conversation;
    this.url = url;
    this.timers = {};
    this.saved = {};
  }

  // The text to begin with: what this tab could not bring to the server goes first.
  begin(kind, fromServer) {
    this.saved[kind] = fromServer;
    const here = sessionStorage.getItem(key(this.conversation, kind));
    if (here === null) return fromServer;
    this.changed(kind, here);
    return here;
  }

  changed(kind, text) {
    sessionStorage.setItem(key(this.conversation, kind), text);
    clearTimeout(this.timers[kind]);
    this.timers[kind] = setTimeout(() => this.save(kind, text), PAUSE);
  }

  // The server has taken it as a message and forgets the draft by itself.
  sent(kind, text) {
    clearTimeout(this.timers[kind]);
    this.saved[kind] = "";
    sessionStorage.removeItem(key(this.conversation, kind));
    if (text) this.changed(kind, text);
  }

  async save(kind, text) {
    clearTimeout(this.timers[kind]);
    this.timers[kind] = 0;
    if (text === this.saved[kind]) {
      sessionStorage.removeItem(key(this.conversation, kind));
      return;
    }
    try {
      await post(this.url, { kind, text });
      this.saved[kind] = text;
      if (sessionStorage.getItem(key(this.conversation, kind)) === text) sessionStorage.removeItem(key(this.conversation, kind));
    } catch {
      // It stays in this tab, and the next change or the next visit saves it.
    }
  }

  flush(kind, text) {
    if (this.timers[kind]) this.save(kind, text);
  }
}
