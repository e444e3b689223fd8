// Which part of <message-composer> stands there: the field, the locked banner, a colleague's conversation, or one that is only
// read. It follows from assignee, window and clock. Reply and note are two tabs.

import { word } from "./words.js";

const STILL_TYPING = 1500;
const PARTS = ["open", "locked", "taken", "readonly"];

export class ComposerParts extends HTMLElement {
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
}
