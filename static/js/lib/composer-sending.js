// What <message-composer> sends: text, files and quote, through the outbox; and what comes back.
// The items of files say in data-file-state whether they are busy, failed or ready (files.js).

import { now } from "./clock.js";
import * as outbox from "./outbox.js";
import { drawPending, mayCarry, removePending, showWaiting } from "./pending.js";
import { toast } from "./toast.js";
import { word, write } from "./words.js";

export const sending = (Composer) => class extends Composer {
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
};

function rangeOf(pattern, text) {
  const found = pattern.exec(text);
  return found ? [found.index, found.index + found[0].length] : [text.length, text.length];
}
