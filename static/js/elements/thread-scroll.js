// <thread-scroll data-conversation data-url data-read-url data-inbound><ol id="messages">…</ol></thread-scroll>
// The scroller of the open thread. Whoever puts entries into the list says so with "tresen:inserted"; then neighbours are
// grouped, days are drawn, and what is new is offered to a reader who is further up. What was seen is marked as read.

import { layOut } from "../lib/albums.js";
import { post } from "../lib/http.js";
import { dayOf } from "../lib/times.js";

const NEAR = 60;

class ThreadScroll extends HTMLElement {
  connectedCallback() {
    this.addEventListener("scroll", this, { passive: true });
    this.addEventListener("htmx:beforeSwap", this);
    this.addEventListener("htmx:afterSettle", this);
    this.addEventListener("load", this, true);
    document.addEventListener("visibilitychange", this);
    window.addEventListener("focus", this);
    this.addEventListener("tresen:inserted", this);
    document.addEventListener("tresen:event", this);
    document.body.addEventListener("conversation:unread", this);
    this.inbound = Number(this.dataset.inbound);
    this.markNew();
    this.tidy();
    this.readSoon();
  }

  disconnectedCallback() {
    clearTimeout(this.reading);
    document.removeEventListener("visibilitychange", this);
    window.removeEventListener("focus", this);
    document.removeEventListener("tresen:event", this);
    document.body.removeEventListener("conversation:unread", this);
  }

  get list() {
    return this.querySelector("#messages");
  }

  get items() {
    return [...this.list.querySelectorAll(":scope > [data-item]")];
  }

  get atNewest() {
    return this.scrollTop > -NEAR;
  }

  // The last number of the thread that is on this screen: a reply tells the server what its author had seen.
  get seenSeq() {
    return this.items.reduce((highest, item) => Math.max(highest, Number(item.dataset.seq) || 0), 0);
  }

  handleEvent(event) {
    if (event.type === "scroll") this.scrolled();
    else if (event.type === "htmx:beforeSwap") this.setAttribute("aria-live", "off");
    else if (event.type === "htmx:afterSettle") this.settled();
    else if (event.type === "tresen:inserted") this.inserted(event);
    else if (event.type === "tresen:event") this.heard(event.detail);
    else if (event.type === "conversation:unread") this.isKeptUnread = true;
    else this.readSoon();
  }

  // --- entries -----------------------------------------------------------------------------------------------------

  inserted({ target, detail }) {
    this.tidy();
    if (detail.how === "changed") return;
    target.classList.add("is-new");
    const isNewest = target === this.items.at(-1);
    if (!this.atNewest && isNewest && this.jump) this.jump.hidden = false;
    this.readSoon();
  }

  tidy() {
    let previous = null;
    for (const item of this.items) {
      const isNewDay = !previous || dayOf(Number(previous.dataset.at)) !== dayOf(Number(item.dataset.at));
      this.divide(item, isNewDay);
      const isFirst = isNewDay || !item.dataset.group || item.dataset.group !== previous?.dataset.group;
      item.classList.toggle("msg--first", isFirst && item.classList.contains("msg"));
      if (previous?.classList.contains("msg")) previous.classList.toggle("msg--last", isFirst);
      previous = item;
    }
    if (previous?.classList.contains("msg")) previous.classList.add("msg--last");
    layOut(this.items);
  }

  divide(item, wanted) {
    const above = previousDay(item);
    if (!wanted) {
      above?.remove();
    } else if (!above) {
      const day = this.querySelector("template[data-day]").content.firstElementChild.cloneNode(true);
      day.querySelector("time").setAttribute("datetime", new Date(Number(item.dataset.at)).toISOString());
      this.list.insertBefore(day, leading(item));
    } else {
      redate(above, Number(item.dataset.at));
    }
  }

  // The line "New" above the first message this agent has not read.
  markNew() {
    const unread = Number(this.dataset.unread) || 0;
    const template = this.querySelector("template[data-new]");
    if (!unread || !template) return;
    const inbound = this.items.filter((item) => item.dataset.item === "message" && item.classList.contains("msg--in"));
    const first = inbound.at(-unread);
    if (first) this.list.insertBefore(template.content.firstElementChild.cloneNode(true), first);
  }

  settled() {
    this.tidy();
    requestAnimationFrame(() => this.setAttribute("aria-live", "polite"));
  }

  // --- moving ------------------------------------------------------------------------------------------------------

  scrolled() {
    const jump = this.jump;
    if (this.atNewest) {
      if (jump) jump.hidden = true;
      this.readSoon();
    } else if (jump && this.scrollTop < -this.clientHeight) {
      jump.hidden = false;
    }
  }

  get jump() {
    return document.querySelector("#thread [data-action='newest']");
  }

  toNewest() {
    this.scrollTo({ top: 0, behavior: calm() ? "auto" : "smooth" });
  }

  toItem(id) {
    const item = document.getElementById(id);
    if (!item) return false;
    item.scrollIntoView({ block: "center", behavior: calm() ? "auto" : "smooth" });
    item.classList.add("is-pointed");
    setTimeout(() => item.classList.remove("is-pointed"), 1600);
    return true;
  }

  // Loads older pages until the moment is on the screen, then goes there.
  async toMoment(milliseconds) {
    for (let pages = 0; pages < 50; pages += 1) {
      const older = this.querySelector(".messages__older");
      if (!older || Number(this.items[0]?.dataset.at) < milliseconds) break;
      await new Promise((resolve) => {
        older.addEventListener("htmx:afterOnLoad", resolve, { once: true });
        older.scrollIntoView();
        setTimeout(resolve, 4000);
      });
    }
    const target = this.items.find((item) => Number(item.dataset.at) >= milliseconds);
    if (target) this.toItem(target.id);
  }

  // --- reading -----------------------------------------------------------------------------------------------------

  heard(event) {
    if (String(event.conversation) !== this.dataset.conversation || !event.facts?.inbound_count) return;
    if (event.facts.inbound_count > this.inbound) {
      this.inbound = event.facts.inbound_count;
      this.isKeptUnread = false;
      this.readSoon();
    }
  }

  readSoon() {
    clearTimeout(this.reading);
    if (document.hidden || !document.hasFocus() || !this.atNewest || this.isKeptUnread || this.inbound <= (this.readCount ?? -1)) return;
    this.reading = setTimeout(() => this.read(), 350);
  }

  async read() {
    const count = this.inbound;
    if (!this.isConnected) return;
    try {
      await post(this.dataset.readUrl, { count });
      this.readCount = count;
    } catch {
      // Read again when the reader comes back to the page.
    }
  }
}

function previousDay(item) {
  let above = item.previousElementSibling;
  if (above?.classList.contains("day--new")) above = above.previousElementSibling;
  return above?.classList.contains("day") ? above : null;
}

function leading(item) {
  const above = item.previousElementSibling;
  return above?.classList.contains("day") ? above : item;
}

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

customElements.define("thread-scroll", ThreadScroll);

// Messages move to another day when the practice phone's clock is moved.
function redate(day, at) {
  const time = day.querySelector("time");
  if (dayOf(Date.parse(time.dateTime)) === dayOf(at)) return;
  time.dateTime = new Date(at).toISOString();
  day.querySelector("relative-time")?.redraw(Date.now());
}
