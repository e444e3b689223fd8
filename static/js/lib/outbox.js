// What was sent from this page and has not been confirmed by the server. Each entry is posted with the uid it got here,
// one after the other per conversation, and again with the same uid when no answer came: the server knows a uid it has
// seen. On `document` it says "outbox:waiting", "outbox:sent" and "outbox:refused" with {entry, answer or error}.

import { post, Refused, SignedOut } from "./http.js";

const AGAIN_AFTER = 4000;

const SENDING = `sending:${document.body.dataset.agent}`;

const entries = [];
const before = JSON.parse(sessionStorage.getItem(SENDING) ?? "[]"); // what this tab was sending when its page went
const busy = new Set();
let timer = 0;

export function put(entry) {
  entries.push(entry);
  remember();
  flush(entry.conversation);
}

export function waitingIn(conversation) {
  return entries.filter((entry) => entry.conversation === conversation);
}

export async function flush(conversation) {
  if (busy.has(conversation)) return;
  busy.add(conversation);
  try {
    for (let entry = next(conversation); entry; entry = next(conversation)) {
      if (!(await deliver(entry))) break;
    }
  } finally {
    busy.delete(conversation);
  }
}

function next(conversation) {
  return entries.find((entry) => entry.conversation === conversation);
}

async function deliver(entry) {
  try {
    const answer = await post(entry.url, entry.data);
    forget(entry);
    say("sent", { entry, answer });
    return true;
  } catch (error) {
    if (error instanceof Refused) {
      forget(entry);
      say("refused", { entry, error });
      return true;
    }
    say("waiting", { entry, error, isSignedOut: error instanceof SignedOut });
    clearTimeout(timer);
    timer = setTimeout(flushAll, AGAIN_AFTER);
    return false;
  }
}

function forget(entry) {
  entries.splice(entries.indexOf(entry), 1);
  remember();
}

function remember() {
  sessionStorage.setItem(SENDING, JSON.stringify(entries.map(({ conversation, kind, text, uids }) => ({ conversation, kind, text, uids }))));
}

// Its answer never came, but there it stands.
export function cameThrough(conversation, kind) {
  return before.filter((entry) => entry.conversation === conversation && entry.kind === kind && entry.uids.some((uid) => document.getElementById(`${kind === "note" ? kind : "message"}-${uid}`)));
}

function flushAll() {
  for (const conversation of new Set(entries.map((entry) => entry.conversation))) flush(conversation);
}

function say(what, detail) {
  document.dispatchEvent(new CustomEvent(`outbox:${what}`, { detail }));
}

document.addEventListener("tresen:state", ({ detail }) => detail === "open" && flushAll());
window.addEventListener("online", flushAll);
// Text that is still on its way would be lost with the page; the browser asks, in its own words.
window.addEventListener("beforeunload", (event) => {
  if (entries.length) event.preventDefault();
});
