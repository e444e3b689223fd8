// <message-composer data-conversation data-me data-assignee data-until data-readonly data-mode>…</message-composer>
// Reply and note below the thread. Which part of the reply stands there (the field, the locked banner, a colleague's
// conversation) follows from assignee, window and clock, so it changes by itself at the second the window closes; the
// fields stay in place, and so does what was typed. Sending goes through the outbox, drafts through the draft keeper.

import { now, unwatch, watch } from "../lib/clock.js";
import { DraftKeeper, without } from "../lib/drafts.js";
import { getHtml } from "../lib/http.js";
import { wrap } from "../lib/insert.js";
import * as outbox from "../lib/outbox.js";
import { drawPending, mayCarry, removePending, showWaiting } from "../lib/pending.js";
import { toast, toastProblem } from "../lib/toast.js";
import { say, word, write } from "../lib/words.js";
import { elementFrom } from "../live/parts.js";
import { hint } from "../socket.js";

const TYPING_EVERY = 3000;
const OWN_DOING = 4000;
const STILL_TYPING = 1500;
const WRAPS = { b: "*", i: "_" };
const PARTS = ["open", "locked", "taken", "readonly"];

class MessageComposer extends HTMLElement {
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

  // --- which part stands there -------------------------------------------------------------------------------------

  get kind() {
    return this.dataset.kind;
  }

  get quoteKey() {
    return `quote:${this.dataset.me}:${this.dataset.conversation}`;
  }

  get field() {
    return this.fields[this.kind];
  }

  redraw(moment) {
    const until = Number(this.dataset.until) || 0;
    const { assignee, me, readonly } = this.dataset;
    const mode =
      readonly === "true" ? "readonly" : assignee && assignee !== me ? "taken" : moment < until ? "open" : "locked";
    if (mode !== this.dataset.mode) this.change(mode);
    this.draw();
    this.querySelector("[data-action='take-over']").setAttribute("hx-vals", JSON.stringify({ seen_assignee: assignee }));
    return mode === "open" ? until : 0;
  }

  change(mode) {
    const before = this.dataset.mode;
    const hadFocus = document.activeElement?.closest(`[data-part='${before}']`);
    const wasWriting = document.activeElement === this.fields.reply;
    this.dataset.mode = mode;
    if (before === "open") {
      this.drafts.save("reply", this.kept("reply"));
      if (mode === "locked") this.say(this.fields.reply.value.trim() || this.files.children.length ? word("window.just_closed") : "");
    } else {
      this.say("");
    }
    this.draw();
    if (!hadFocus) return;
    const part = this.querySelector(`[data-part='${mode}']`);
    const next = mode === "open" ? this.fields.reply : part.querySelector(".btn--primary") ?? part.querySelector("button");
    if (wasWriting) this.catchKeys(part, next);
    else next?.focus();
  }

  // The field went from under somebody's fingers: what they still type belongs to the draft, and presses neither single
  // keys nor the button.
  catchKeys(part, button) {
    let timer = 0;
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        part.onkeydown = null;
        if (document.activeElement === part) button?.focus();
      }, STILL_TYPING);
    };
    part.onkeydown = (event) => {
      if (event.target !== part || event.metaKey || (event.ctrlKey && !event.altKey)) return;
      wait();
      if (event.key.length > 1) return;
      event.preventDefault();
      this.fields.reply.value += event.key;
      this.drafts.changed("reply", this.fields.reply.value);
      this.draw();
    };
    part.tabIndex = -1;
    part.focus();
    wait();
  }

  draw() {
    const { mode, kind } = this.dataset;
    const isNote = kind === "note";
    const canWrite = isNote || mode === "open";
    this.form.classList.toggle("composer--note", isNote);
    this.form.classList.toggle("composer--locked", !canWrite);
    for (const tab of this.querySelectorAll("[role='tab']")) {
      const selected = tab.dataset.kind === kind;
      tab.setAttribute("aria-selected", String(selected));
      tab.tabIndex = selected ? 0 : -1;
    }
    for (const panel of this.querySelectorAll("[data-panel]")) panel.hidden = panel.dataset.panel !== kind;
    for (const name of PARTS) this.querySelector(`[data-part='${name}']`).hidden = name !== mode;
    for (const part of this.querySelectorAll("[data-for]")) part.hidden = part.dataset.for !== (isNote ? "note" : mode);
    this.querySelector("[data-bar]").hidden = !canWrite;
    const kept = this.querySelector("[data-draft-kept]");
    const text = this.fields.reply.value.trim();
    const files = this.files.children.length;
    kept.hidden = !text && !files;
    kept.querySelector("[data-draft-words]").textContent = [text, files && word("files.kept", { count: files })].filter(Boolean).join(" · ");
  }

  choose(kind, focus = true) {
    if (this.kind !== kind) {
      this.dataset.kind = kind;
      this.say("");
      this.draw();
      this.count();
    }
    if (focus && !this.field.closest("[hidden]")) {
      this.field.focus();
      this.field.setSelectionRange(this.field.value.length, this.field.value.length);
    }
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

  // --- files: the items say in data-file-state whether they are busy, failed or ready (lib/files.js) ------------------------

  filesChanged() {
    this.files.hidden = !this.files.children.length;
    this.count();
    this.draw();
    if (this.mustDecide && !this.files.querySelector("[data-file-state='failed']")) this.say("");
    if (this.files.querySelector("[data-file-state='failed']:not([data-cut])")) this.sendWhenThere = null;
    if (this.sendWhenThere && !this.files.querySelector("[data-file-state]")) this.send(this.sendWhenThere);
  }

  sayOfFiles() {
    const hint = this.querySelector("[data-files-hint]");
    const busy = this.files.querySelectorAll("[data-file-state='busy']").length;
    const last = this.files.lastElementChild;
    const text = this.fields.reply.value.trim();
    const words =
      busy ? word(this.sendWhenThere ? "files.sent_when_there" : "files.busy", { count: busy })
      : last && text && !mayCarry(last.dataset.kind, text) ? word("files.text_apart") : "";
    write(hint, words);
    hint.hidden = !words;
  }

  // Ready to go; null when one is still on its way (then all are sent once it is there) or needs a decision.
  filesToSend(how) {
    this.sendWhenThere = null;
    const failed = this.files.querySelector("[data-file-state='failed']");
    if (failed) {
      this.say(word("files.decide"));
      this.mustDecide = true;
      failed.querySelector("button:not([hidden])").focus();
      return null;
    }
    if (this.files.querySelector("[data-file-state]")) {
      this.sendWhenThere = how;
      this.sayOfFiles();
      return null;
    }
    return [...this.files.children].map((item) => ({
      item, uid: item.dataset.upload, kind: item.dataset.kind, name: item.querySelector(".doc__name").textContent,
      face: item.querySelector("img")?.src,
    }));
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

  // --- sending -----------------------------------------------------------------------------------------------------

  submitted(event) {
    event.preventDefault();
    this.send();
  }

  // Of what waits for its files the kind is known: a note may be begun meanwhile.
  send({ close = false, gapsMeant = null, kind = this.kind } = {}) {
    const field = this.fields[kind];
    const text = field.value.trim();
    const files = kind === "reply" && this.dataset.mode === "open" ? this.filesToSend({ close, gapsMeant, kind }) : [];
    if (!files) return;
    if ((!text && !files.length) || (kind === "reply" && (this.dataset.mode !== "open" || [...text].length > Number(this.dataset.limit)))) {
      field.focus();
      return;
    }
    const scroller = document.querySelector("thread-scroll");
    const entry = {
      conversation: this.dataset.conversation, kind, text, files, close, closeUrl: this.dataset.closeUrl, draftUrl: this.dataset.draftUrl,
      quoted: kind === "reply" ? this.quoted : null, at: now(), uid: crypto.randomUUID(),
      seenInbound: scroller?.inbound,
      url: kind === "note" ? this.dataset.noteUrl : this.dataset.replyUrl,
    };
    entry.uids = [entry.uid, ...files.map((file) => file.uid)];
    entry.data = { uid: entry.uid, text, seen_seq: kind === "reply" ? scroller?.seenSeq : null, quoted: entry.quoted?.uid, gaps_meant: gapsMeant, files: files.map((file) => file.uid).join() || null };
    // The field is free for the next message; this one lives on in the bubble and in the draft until the server has it.
    field.value = "";
    for (const { item } of files) item.remove();
    this.quote(null);
    this.say("");
    this.filesChanged();
    if (kind === "reply") drawPending(this, entry);
    scroller?.toNewest();
    outbox.put(entry);
    if (kind === this.kind) field.focus();
  }

  waiting({ entry, isSignedOut }) {
    const kept = this.kept(entry.kind);
    if (kept !== this.drafts.latest[entry.kind]) this.drafts.changed(entry.kind, kept); // not with each try: other pages go on writing
    const words = word(isSignedOut ? "toast.signed_out" : "composer.waiting");
    if (entry.kind === "note") this.say(words);
    else showWaiting(entry, words);
  }

  sent({ entry }) {
    this.drafts.sent(entry.kind, this.kept(entry.kind));
    if (entry.kind === "note") this.say("");
  }

  refused({ entry, error }) {
    if (error.answer.dialog) {
      this.drafts.sent(entry.kind, this.kept(entry.kind));
      return;
    }
    removePending(entry);
    this.files.prepend(...entry.files.map(({ item }) => item));
    if (error.answer.code === "files_gone") import("../lib/files.js").then((files) => files.reload(this)).catch(() => {});
    const field = this.fields[entry.kind];
    field.value = this.textWith(entry);
    this.drafts.changed(entry.kind, this.kept(entry.kind));
    // Who writes a note meanwhile goes on with it: its next words must not come into the reply.
    const other = this.kind !== entry.kind && document.activeElement === this.field && this.kind;
    if (this.kind !== entry.kind) this.choose(entry.kind, false);
    this.filesChanged();
    const isGap = error.answer.code === "gap";
    const words = error.sentence || word("composer.not_sent");
    this.say(words, isGap ? { close: entry.close, gapsMeant: true } : null);
    if (entry.quoted && !this.quoted) this.quote(entry.quoted, !other);
    if (error.answer.code === "window_closed") {
      this.dataset.until = String(Math.min(Number(this.dataset.until) || 0, now()));
      this.redraw(now());
    }
    if (other) {
      this.choose(other, false);
      return void toast(words, { bad: true });
    }
    if (error.answer.code !== "window_closed" && !field.closest("[hidden]")) field.focus();
    if (isGap) field.setSelectionRange(...rangeOf(/\{\{.*?\}\}/, field.value));
  }

  // What would be lost with this page: what is still on its way, and after it what stands in the field.
  kept(kind) {
    const texts = this.underway(kind).map(({ text }) => text);
    return [...texts, this.fields[kind].value].filter((text) => text.trim()).join("\n");
  }

  underway(kind) {
    return outbox.waitingIn(this.dataset.conversation).filter((entry) => entry.kind === kind);
  }

  // A text that comes back stands before what was typed since.
  textWith(entry) {
    const later = this.fields[entry.kind].value;
    return later.trim() ? `${entry.text}\n${later}` : entry.text;
  }

  // The words of a message that failed, to be changed: before what stands there already, and only once.
  bringBack(text) {
    const { value } = this.fields.reply;
    this.take(value.includes(text) ? value : this.textWith({ kind: "reply", text }));
  }

  take(text) {
    this.fields.reply.value = text;
    this.typed("reply");
    this.choose("reply");
  }
}

function rangeOf(pattern, text) {
  const found = pattern.exec(text);
  return found ? [found.index, found.index + found[0].length] : [text.length, text.length];
}

let assignedAt = 0;
document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (detail.pathInfo.requestPath.endsWith("/assignment/") && detail.requestConfig.verb !== "get") assignedAt = Date.now();
});

function enterSends() {
  return document.body.dataset.enterSends === "true" && !matchMedia("(pointer: coarse)").matches;
}

customElements.define("message-composer", MessageComposer);
