// <thread-scroll data-conversation data-url data-read-url data-inbound data-new-seq data-around><ol id="messages">…</ol>
// The scroller of the open thread. Whoever puts entries into the list says so with "tresen:inserted"; then neighbours are
// grouped, days are drawn, and what is new is offered to a reader who is further up. What was seen is marked as read.
// The list holds a stretch of the thread: <li data-more="older|newer" data-page="before=…"> at an end is replaced by the
// next page when it comes near, and what is then far away at the other end is put away again.

import { layOut } from "../lib/albums.js";
import { elementsFrom, fetchText } from "../live/parts.js";
import { fetchChanges } from "../live/thread.js";
import { post } from "../lib/http.js";
import { dayOf, isoDay } from "../lib/times.js";

const NEAR = 60;
const AHEAD = "800px 0px"; // pages are fetched before the reader arrives
const KEPT = 240; // entries on the page
const RETRY = 3000;
const POINTED = 2400;

class ThreadScroll extends HTMLElement {
  connectedCallback() {
    this.addEventListener("scroll", this, { passive: true });
    document.addEventListener("visibilitychange", this);
    window.addEventListener("focus", this);
    this.addEventListener("tresen:inserted", this);
    document.addEventListener("tresen:event", this);
    document.body.addEventListener("conversation:unread", this);
    this.inbound = Number(this.dataset.inbound);
    this.coming = new IntersectionObserver((seen) => seen.forEach((each) => each.isIntersecting && this.load(each.target)), {
      root: this, rootMargin: AHEAD,
    });
    this.tidy();
    if (this.dataset.around) this.point(this.entry(this.dataset.around), "auto");
    this.watch();
    this.readSoon();
  }

  disconnectedCallback() {
    clearTimeout(this.reading);
    this.coming.disconnect();
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
    return this.scrollTop > -NEAR && !this.more("newer");
  }

  more(way) {
    return this.list.querySelector(`:scope > [data-more="${way}"]`);
  }

  entry(seq) {
    return this.list.querySelector(`:scope > [data-seq="${CSS.escape(seq)}"]`);
  }

  // The last number of the thread that is on this screen: a reply tells the server what its author had seen.
  get seenSeq() {
    return this.items.reduce((highest, item) => Math.max(highest, Number(item.dataset.seq) || 0), 0);
  }

  handleEvent(event) {
    if (event.type === "scroll") this.scrolled();
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
      if (item.dataset.seq === this.dataset.newSeq) this.markNew(item);
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
  markNew(item) {
    if (item.previousElementSibling?.classList.contains("day--new")) return;
    this.list.insertBefore(this.querySelector("template[data-new]").content.firstElementChild.cloneNode(true), item);
  }

  // --- pages -------------------------------------------------------------------------------------------------------

  watch() {
    for (const more of this.list.querySelectorAll(":scope > [data-more]")) this.coming.observe(more);
  }

  async load(more) {
    this.coming.unobserve(more);
    try {
      const page = await this.page(more.dataset.page);
      if (!more.isConnected) return;
      this.keeping(() => {
        more.replaceWith(...page);
        this.putAway(more.dataset.more === "older");
      });
    } catch {
      setTimeout(() => more.isConnected && this.coming.observe(more), RETRY);
    }
  }

  // Puts another stretch of the thread in place of this one. What is not sent yet stays at its end.
  async show(query) {
    const page = await this.page(query);
    if (!this.isConnected) return;
    const waiting = [...this.list.querySelectorAll(":scope > [data-pending]")].filter(({ id }) => !page.some((item) => item.id === id));
    this.keeping(() => this.list.replaceChildren(...page, ...waiting));
  }

  async page(query) {
    return elementsFrom(await fetchText(`${this.dataset.url}?${query}`));
  }

  // Changes the list without moving what the reader looks at, and without reading it out.
  keeping(change) {
    const { top } = this.getBoundingClientRect();
    const anchor = this.items.find((item) => item.getBoundingClientRect().bottom > top);
    const before = anchor?.getBoundingClientRect().top;
    this.setAttribute("aria-live", "off");
    change();
    this.tidy();
    const moved = anchor?.isConnected ? anchor.getBoundingClientRect().top - before : 0;
    if (moved) this.scrollTop += moved;
    this.watch();
    requestAnimationFrame(() => this.setAttribute("aria-live", "polite"));
  }

  putAway(newest) {
    const items = this.items.filter((item) => item.dataset.seq);
    if (items.length <= KEPT || this.querySelector(".is-playing")) return;
    const kept = newest ? items.slice(0, KEPT) : items.slice(-KEPT);
    const last = newest ? kept.at(-1) : kept[0];
    const beyond = newest ? "nextElementSibling" : "previousElementSibling";
    for (let item = last[beyond], next; item; item = next) {
      next = item[beyond];
      if (item.dataset.pending !== undefined) continue;
      if (item.contains(document.activeElement)) this.focus({ preventScroll: true });
      item.remove();
    }
    const more = this.querySelector("template[data-more]").content.firstElementChild.cloneNode(true);
    more.dataset.more = newest ? "newer" : "older";
    more.dataset.page = `${newest ? "after" : "before"}=${last.dataset.seq}`;
    if (newest) last.after(more);
    else last.before(more);
  }

  // --- moving ------------------------------------------------------------------------------------------------------

  scrolled() {
    const jump = this.jump;
    if (this.atNewest) {
      if (jump) jump.hidden = true;
      this.readSoon();
    } else if (jump && (this.scrollTop < -this.clientHeight || this.more("newer"))) {
      jump.hidden = false;
    }
  }

  get jump() {
    return document.querySelector("#thread [data-action='newest']");
  }

  async toNewest() {
    if (this.more("newer")) {
      await this.show("newest=1").catch(() => {});
      this.scrollTop = 0;
      fetchChanges(); // what came while the page was on its way
    } else this.scrollTo({ top: 0, behavior: calm() ? "auto" : "smooth" });
  }

  // To the entry with this number, loaded or not.
  async toSeq(seq) {
    const here = this.entry(seq);
    if (!here) await this.show(`around=${seq}`).catch(() => {});
    this.point(this.entry(seq), here ? "smooth" : "auto");
  }

  async toMoment(milliseconds) {
    await this.toFirst((item) => Number(item.dataset.at) >= milliseconds, `at=${milliseconds}`);
  }

  async toDay(day) {
    await this.toFirst((item) => isoDay(Number(item.dataset.at)) >= day, `day=${day}`);
  }

  async toFirst(isLater, query) {
    const [first, last] = [this.items[0], this.items.at(-1)];
    const isHere = first && (!isLater(first) || !this.more("older")) && (isLater(last) || !this.more("newer"));
    if (!isHere) await this.show(query).catch(() => {});
    this.point(this.items.find(isLater) ?? this.items.at(-1), isHere ? "smooth" : "auto");
  }

  // Brings an entry into view, and the focus to it.
  point(item, behavior) {
    if (!item) return;
    item.scrollIntoView({ block: "center", behavior: calm() ? "auto" : behavior });
    item.tabIndex = -1;
    item.focus({ preventScroll: true });
    item.classList.add("is-pointed");
    setTimeout(() => item.classList.remove("is-pointed"), POINTED);
    this.scrolled();
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
