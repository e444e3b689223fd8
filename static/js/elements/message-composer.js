// <message-composer data-conversation data-me data-assignee data-until data-readonly data-mode>…</message-composer>
// Reply and note below the thread. Which part of the reply stands there (the field, the locked banner, a colleague's
// conversation) follows from assignee, window and clock, so it changes by itself at the second the window closes; the
// fields stay in place, and so does what was typed. Sending goes through the outbox, drafts through the draft keeper.

import { now, unwatch, watch } from "../lib/clock.js";
import { ComposerParts } from "../lib/composer-parts.js";
import { sending } from "../lib/composer-sending.js";
import { DraftKeeper, without } from "../lib/drafts.js";
import { getHtml } from "../lib/http.js";
import { wrap } from "../lib/insert.js";
import * as outbox from "../lib/outbox.js";
import { drawPending } from "../lib/pending.js";
import { toast, toastProblem } from "../lib/toast.js";
import { say, word, write } from "../lib/words.js";
import { elementFrom } from "../live/parts.js";
import { hint } from "../socket.js";

const TYPING_EVERY = 3000;
const OWN_DOING = 4000;
const WRAPS = { b: "*", i: "_" };

class MessageComposer extends sending(ComposerParts) {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.fields = { reply: this.querySelector("[data-text='reply']"), note: this.querySelector("[data-text='note']") };
    this.files = this.querySelector("[data-files]");
    this.drafts = new DraftKeeper(this.dataset.conversation, this.dataset.draftUrl, Number(this.dataset.rendered));
    const waiting = outbox.waitingIn(this.dataset.conversation);
    for (const [kind, field] of Object.entries(this.fields)) {
      const gone = [...outbox.cameThrough(this.dataset.conversation, kind), ...this.underway(kind)];
      const kept = gone.reduce((left, { text }) => without(left, text), this.drafts.begin(kind, field.defaultValue));
      const typed = field.value;
      if (typed === field.defaultValue) field.value = kept;
      else this.drafts.changed(kind, (field.value = kept === field.defaultValue ? typed : `${kept}\n${typed}`)); // while this was on its way
      field.addEventListener("input", () => this.typed(kind));
      field.addEventListener("keydown", (event) => this.pressed(event));
      field.addEventListener("blur", () => this.drafts.flush(kind));
    }
    this.form.addEventListener("submit", this);
    this.addEventListener("click", this);
    for (const name of ["tresen:event", "outbox:waiting", "outbox:sent", "outbox:refused"]) document.addEventListener(name, this);
    for (const entry of waiting) {
      if (entry.kind === "reply") drawPending(this, entry);
      for (const { uid } of entry.files) this.files.querySelector(`[data-upload='${uid}']`)?.remove();
    }
    document.dispatchEvent(new CustomEvent("composer:open", { detail: this }));
    watch(this);
    this.filesChanged();
    this.redraw(now());
    const quoted = sessionStorage.getItem(this.quoteKey);
    if (quoted) this.quote(JSON.parse(quoted), false);
  }

  disconnectedCallback() {
    unwatch(this);
    if (this.sendWhenThere) toast(word("files.not_sent")); // what nobody looks at does not go by itself, or only in part
    this.sendWhenThere = null;
    for (const name of ["tresen:event", "outbox:waiting", "outbox:sent", "outbox:refused"]) document.removeEventListener(name, this);
    for (const kind of Object.keys(this.fields)) this.drafts.flush(kind);
  }

  handleEvent(event) {
    if (event.type === "submit") this.submitted(event);
    else if (event.type === "click") this.clicked(event);
    else if (event.type === "tresen:event") this.heard(event.detail);
    else if (event.detail.entry.conversation === this.dataset.conversation) this[event.type.slice("outbox:".length)](event.detail);
  }

  // --- what happens elsewhere --------------------------------------------------------------------------------------

  heard(event) {
    if (String(event.conversation) !== this.dataset.conversation || !event.facts) return;
    const { assignee, closes_at: until } = event.facts;
    if (until !== undefined) this.dataset.until = until ?? "";
    if (assignee !== undefined && String(assignee ?? "") !== this.dataset.assignee) {
      const wasMine = this.dataset.assignee === this.dataset.me;
      this.dataset.assignee = String(assignee ?? "");
      if (assignee !== null && String(assignee) !== this.dataset.me) this.refresh().then(() => wasMine && this.sayTaken());
    }
    const isBlocked = Boolean(event.facts.blocked);
    if ("blocked" in event.facts && isBlocked !== (this.dataset.blocked === "true")) this.refresh();
    watch(this);
  }

  // A colleague took it from under one's fingers; what one gave away oneself is no news.
  sayTaken() {
    if (Date.now() - assignedAt < OWN_DOING) return;
    const { assignee, me, assigneeName: name } = this.dataset;
    if (name && assignee !== me) toast(word("toast.taken", { name }));
  }

  // Fetches the composer anew and takes from it what names people and prices; the fields stay.
  async refresh() {
    try {
      const fresh = elementFrom(await getHtml(this.dataset.composerUrl));
      if (!this.isConnected) return;
      for (const name of ["assignee", "assigneeName", "until", "readonly", "blocked"]) this.dataset[name] = fresh.dataset[name];
      for (const part of ["[data-taken]", "[data-price]", "[data-readonly-words]"]) {
        this.querySelector(part).replaceChildren(...fresh.querySelector(part).childNodes);
      }
      this.redraw(now());
    } catch {
      // The next event brings it.
    }
  }

  // Loaded with the first @.
  mention(how) {
    const begun = import("../lib/mentions.js").then(({ MentionMenu }) => {
      this.mentions ??= new MentionMenu(this, this.fields.note, this.dataset.noteUrl);
      this.mentions[how]();
    });
    begun.catch((error) => how === "start" && toastProblem(error)); // who only types may go on without
  }

  // --- typing ------------------------------------------------------------------------------------------------------

  typed(kind) {
    this.drafts.changed(kind, this.kept(kind));
    if (kind === "reply") this.sendWhenThere = null; // half a sentence must not go by itself
    this.say("");
    this.count();
    if (kind === "note" && this.fields.note.value.includes("@")) this.mention("typed");
    else this.mentions?.close();
    const moment = Date.now();
    if (this.fields[kind].value.trim() && moment - (this.hintedAt ?? 0) > TYPING_EVERY) {
      this.hintedAt = moment;
      hint({ kind: "typing", conversation: Number(this.dataset.conversation), what: kind });
    }
  }

  count() {
    const limit = Number(this.dataset.limit);
    const length = [...this.fields.reply.value.trim()].length;
    const isOver = this.kind === "reply" && length > limit;
    const state = this.querySelector("[data-state]");
    const words =
      this.kind !== "reply" || length < Number(this.dataset.countFrom) ? ""
      : isOver ? word("composer.over", { count: length - limit }) : word("composer.left", { count: limit - length });
    write(state, words);
    this.sayOfFiles();
    state.classList.toggle("text-bad", isOver);
    this.querySelector(".split [type='submit']").toggleAttribute("disabled", isOver);
  }

  pressed(event) {
    if (event.isComposing || this.mentions?.pressed(event)) return;
    const isNote = event.target === this.fields.note;
    if (event.key === "Escape") {
      event.target.blur();
    } else if ((event.ctrlKey || event.metaKey) && !event.altKey && WRAPS[event.key]) {
      event.preventDefault();
      wrap(this.field, WRAPS[event.key]);
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.send({ close: event.shiftKey && !isNote });
    } else if (event.key === "Enter" && !event.shiftKey && !event.altKey && enterSends()) {
      event.preventDefault();
      this.send();
    }
  }

  say(words, meant = null) {
    const place = this.querySelector("#composer-error");
    this.mustDecide = false;
    this.meant = meant;
    place.querySelector("button").hidden = !meant;
    say(place, words);
  }

  clicked(event) {
    const target = event.target.closest("button");
    if (!target) return;
    if (target.getAttribute("role") === "tab") this.choose(target.dataset.kind);
    else if (target.dataset.action === "unquote") this.quote(null), this.field.focus();
    else if (target.dataset.action === "wrap") wrap(this.field, target.dataset.mark);
    else if (target.dataset.action === "send-and-close") this.send({ close: true });
    else if (target.dataset.action === "mention") this.mention("start");
    else if (target.dataset.action === "send-meant") this.send(this.meant);
  }

  // Kept in this tab, as the text is: who looks something up elsewhere finds both again.
  quote(message, focus = true) {
    const place = this.querySelector(".composer__quote");
    this.quoted = message;
    if (message) sessionStorage.setItem(this.quoteKey, JSON.stringify(message));
    else sessionStorage.removeItem(this.quoteKey);
    place.hidden = !message;
    if (!message) return;
    place.querySelector("[data-quote-author]").textContent = message.author;
    place.querySelector("[data-quote-words]").textContent = message.words;
    this.choose("reply", focus);
  }
}

let assignedAt = 0;
document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (detail.pathInfo.requestPath.endsWith("/assignment/") && detail.requestConfig.verb !== "get") assignedAt = Date.now();
});

function enterSends() {
  return document.body.dataset.enterSends === "true" && !matchMedia("(pointer: coarse)").matches;
}

customElements.define("message-composer", MessageComposer);
