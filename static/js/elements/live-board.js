// <live-board data-url data-bulk><div data-parts>…</div><form data-bar hidden>…</form><dialog data-full>…</dialog></live-board>
// The team board: looked up anew when an event says that something has changed, at once or, where that takes the server long, seldom;
// now and then without one, because windows close and breaks end by time alone; what is done here is seen at once. Only what
// is different is put in place, and nothing while a ticket is held or a menu is open. Tickets are dragged onto people
// ([data-drop]: an agent's id, "" is the queue) or chosen by their checkboxes; the menus do the same without a mouse.
//   <wait-clock data-since="epoch ms">12 min</wait-clock>

import "./combo-list.js";
import { Clock } from "../lib/clock.js";
import { ajax } from "../lib/http.js";
import { merge } from "../lib/merge.js";
import { waited } from "../lib/times.js";
import { word, write } from "../lib/words.js";
import { elementFrom, fetchText, replace } from "../live/parts.js";

const FIRST = 100; // several events belong to one change
const QUICK = 150; // milliseconds that a look may take and yet be repeated at once
const SHARE = 8; // a large board on a busy server is asked for less often
const AGAIN = 3000; // after a failure
const TIME_PASSES = 30_000;
const HEARD = ["tresen:event", "tresen:resync", "bulk:done", "board:changed", "conversation:changed", "toast:undone"];
const IGNORED = new Set(["ticks", "typing", "viewing", "read", "drafting", "later"]);

class LiveBoard extends HTMLElement {
  shown = new Map(); // part or list of conversations → the server's HTML of it
  opened = new Set(); // people whose conversations are listed
  dragged = [];
  asked = 0;
  took = 0;

  connectedCallback() {
    for (const type of ["dragstart", "dragover", "dragleave", "drop", "dragend", "change", "click"]) this.addEventListener(type, this);
    for (const type of HEARD) document.addEventListener(type, this);
    this.clock = setInterval(() => this.soon(), TIME_PASSES);
  }

  handleEvent(event) {
    const { type, target, detail } = event;
    if (type === "tresen:event") IGNORED.has(detail.kind) || this.soon();
    else if (type === "change") target.matches(".ticket__check") && this.count();
    else if (type === "click") this.clicked(target);
    else if (type.startsWith("drag") || type === "drop") this[type](event);
    else {
      if (type === "bulk:done") this.clear();
      this.took = 0; // one's own deed, or back at this page
      clearTimeout(this.timer);
      this.timer = undefined;
      this.soon();
    }
  }

  // --- looking it up

  soon() {
    this.timer ??= setTimeout(() => this.fetch(), Math.max(FIRST, this.asked + this.took * (this.took < QUICK ? 1.5 : SHARE) - Date.now()));
  }

  async fetch() {
    this.timer = undefined;
    if (document.hidden) return document.addEventListener("visibilitychange", this, { once: true }); // looked up when somebody looks
    if (this.isBusy()) return this.later();
    const asked = (this.asked = Date.now());
    try {
      const fresh = elementFrom(await fetchText(this.dataset.url));
      if (asked !== this.asked) return; // a newer answer is on its way
      this.took = Date.now() - asked;
      if (this.isBusy()) return this.later();
      this.merge(fresh);
    } catch (error) {
      console.warn("The board could not be brought up to date", error);
      this.timer ??= setTimeout(() => this.fetch(), AGAIN);
    }
  }

  later() {
    this.asked = Date.now();
    this.soon();
  }

  isBusy() {
    return this.dragged.length > 0 || Boolean(this.querySelector(".menu:not([hidden])"));
  }

  merge(fresh) {
    for (const part of fresh.querySelectorAll("[data-part]")) {
      const html = part.outerHTML;
      if (this.shown.get(part.dataset.part) === html) continue;
      this.shown.set(part.dataset.part, html);
      this.querySelector(`[data-part="${part.dataset.part}"]`).replaceWith(part);
    }
    for (const list of fresh.querySelectorAll("[data-list]")) this.mergeList(this.querySelector(`[data-list="${list.dataset.list}"]`), [...list.children]);
    for (const person of this.opened) this.list(person);
    this.count();
  }

  mergeList(list, items) {
    const focused = list.contains(document.activeElement) ? document.activeElement : null;
    const place = [...list.children].findIndex((item) => item.contains(focused));
    merge(list, items, (old, item) => {
      const check = item.querySelector(".ticket__check");
      if (check) check.checked = old.querySelector(".ticket__check").checked;
      const held = old.querySelector(".agent__held");
      if (held) item.querySelector(".agent__held").replaceWith(held);
      replace(old, item);
    });
    if (focused?.isConnected && document.activeElement !== focused) focused.focus({ preventScroll: true });
    else if (focused && document.activeElement === document.body) {
      const next = list.children[Math.min(place, list.children.length - 1)]; // what was there has gone
      (next?.querySelector(`.${focused.classList[0] || "ticket__name"}`) ?? list.closest("section")).focus({ preventScroll: true });
    }
  }

  // --- one person's conversations

  clicked(target) {
    const person = target.closest("[data-held]")?.dataset.held;
    if (person) this.toggle(person);
    if (target.closest("[data-clear]")) this.clear();
  }

  toggle(person) {
    if (this.opened.delete(person)) {
      this.shown.delete(`held-${person}`);
      document.getElementById(`held-${person}`)?.replaceChildren();
      return void document.querySelector(`#seat-${person} button`)?.focus();
    }
    this.opened.add(person);
    this.list(person);
  }

  async list(person) {
    const place = document.getElementById(`held-${person}`);
    if (!place) return;
    const html = await fetchText(place.dataset.url).catch(() => null);
    if (html === null || !this.opened.has(person) || this.shown.get(place.id) === html) return;
    this.shown.set(place.id, html);
    place.innerHTML = html;
    window.htmx.process(place);
  }

  // --- choosing several

  get chosen() {
    return [...this.querySelectorAll(".ticket__check:checked")].map((check) => check.closest(".ticket"));
  }

  count() {
    const chosen = this.chosen;
    const bar = this.querySelector("[data-bar]");
    bar.hidden = chosen.length === 0;
    bar.elements.rows.value = said(chosen);
    bar.querySelector("[data-count]").textContent = word("list.selected", { count: said(chosen).split(",").length });
    this.toggleAttribute("data-choosing", chosen.length > 0);
  }

  clear() {
    for (const ticket of this.chosen) ticket.querySelector(".ticket__check").checked = false;
    this.count();
  }

  // --- dragging

  dragstart(event) {
    const ticket = event.target.closest?.(".ticket");
    if (!ticket) return;
    const chosen = this.chosen;
    this.dragged = chosen.includes(ticket) ? chosen : [ticket];
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", said(this.dragged));
    requestAnimationFrame(() => this.dragged.forEach((each) => each.classList.add("is-dragged")));
  }

  dragover(event) {
    const target = this.dragged.length ? event.target.closest("[data-drop]") : null;
    if (target) event.preventDefault();
    if (target === this.target) return;
    this.point(target);
  }

  dragleave(event) {
    if (!this.contains(event.relatedTarget)) this.point(null);
  }

  point(target) {
    this.target?.classList.remove("is-target");
    this.target?.querySelector(".slot--next")?.classList.remove("slot--next");
    this.target = target;
    target?.classList.add("is-target");
    target?.querySelector(".slot:not([class*='slot--'])")?.classList.add("slot--next");
  }

  async drop(event) {
    const target = event.target.closest("[data-drop]");
    if (!target || !this.dragged.length) return;
    event.preventDefault();
    const rows = said(this.dragged);
    const { drop, name, load, capacity } = target.dataset;
    this.dragend();
    if (drop && Number(load) >= Number(capacity) && !(await this.asks(word("board.full", { name, load, capacity })))) return;
    const values = { do: "assign", rows, ...(drop ? { agent: drop } : {}) };
    ajax("POST", this.dataset.bulk, { source: this, values, swap: "none" });
  }

  dragend() {
    this.point(null);
    for (const ticket of this.dragged) ticket.classList.remove("is-dragged");
    this.dragged = [];
  }

  asks(words) {
    const dialog = this.querySelector("[data-full]");
    dialog.querySelector("[data-words]").textContent = words;
    dialog.returnValue = "";
    dialog.showModal();
    return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
    clearInterval(this.clock);
    for (const type of [...HEARD, "visibilitychange"]) document.removeEventListener(type, this);
  }
}

// A conversation may be on the board twice: unassigned and at risk.
function said(tickets) {
  return [...new Set(tickets.map((ticket) => ticket.dataset.said))].join(",");
}

class WaitClock extends Clock {
  redraw(moment) {
    write(this, waited(moment - Number(this.dataset.since)));
    return moment + 30_000;
  }
}

customElements.define("live-board", LiveBoard);
customElements.define("wait-clock", WaitClock);
