// <practice-phone data-live data-messages data-clock data-behaviour data-people data-crowd data-version>…[data-part="chat"]…</practice-phone>
// The customer's phone. It asks the server for the next change (data-live answers when there is one) and puts the parts
// it gets into [data-part]; lists marked data-keyed keep the entries that did not change, so that sound plays on.
// While the page is visible the customer looks at the chat, which is what turns our ticks blue.

import { post, SignedOut } from "../lib/http.js";
import { toast, toastProblem } from "../lib/toast.js";
import { mark } from "../lib/by-hand.js";
import { now } from "../lib/clock.js";

const PAUSE = 120;
const AFTER_FAILURE = 2000;

class PracticePhone extends HTMLElement {
  connectedCallback() {
    this.version = this.dataset.version;
    this.parts = new Map();
    this.quoted = "";
    for (const type of ["click", "change", "submit", "keydown", "voice:played"]) this.addEventListener(type, this);
    document.addEventListener("visibilitychange", this.restart);
    this.tellTime();
    this.timer = setInterval(() => this.tellTime(), 1000);
    this.listen();
  }

  disconnectedCallback() {
    clearInterval(this.timer);
    this.stop?.abort();
    document.removeEventListener("visibilitychange", this.restart);
  }

  // --- news -------------------------------------------------------------------------------------------------------
  restart = () => this.stop?.abort();

  async listen() {
    while (this.isConnected) {
      this.stop = new AbortController();
      let pause = PAUSE;
      try {
        const response = await fetch(this.address(), { signal: this.stop.signal, cache: "no-store", redirect: "manual", headers: mark() });
        if (response.type === "opaqueredirect") throw new SignedOut();
        if (response.status === 200) this.show(await response.json());
        else if (response.status !== 204) pause = AFTER_FAILURE;
      } catch (error) {
        if (error instanceof SignedOut) return toastProblem(error);
        if (error.name !== "AbortError") pause = AFTER_FAILURE;
      }
      await new Promise((done) => setTimeout(done, pause));
    }
  }

  address() {
    const raw = this.querySelector("[data-raw]")?.checked ? "1" : "0";
    const looking = document.hidden ? "0" : "1";
    return `${this.dataset.live}?since=${this.version}&raw=${raw}&looking=${looking}&window=${this.dataset.window}`;
  }

  show({ version, parts }) {
    this.version = version;
    const focused = this.contains(document.activeElement) ? document.activeElement.id : "";
    for (const [name, html] of Object.entries(parts)) {
      if (this.parts.get(name) === html) continue;
      this.parts.set(name, html);
      const place = this.querySelector(`[data-part="${name}"]`);
      if (place.hasAttribute("data-keyed")) this.merge(place, html);
      else place.innerHTML = html;
    }
    if (focused && document.activeElement?.id !== focused) document.getElementById(focused)?.focus({ preventScroll: true });
    this.tellTime();
  }

  merge(place, html) {
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    this.seen ??= new WeakMap();
    const known = new Map([...place.children].map((child) => [child.id, child]));
    const wanted = [...fresh.content.children].map((child) => {
      const old = known.get(child.id);
      const source = child.outerHTML;
      if (old && this.seen.get(old) === source) return old;
      this.seen.set(child, source);
      if (old?.querySelector("details[open]")) child.querySelector("details")?.setAttribute("open", "");
      return child;
    });
    for (const child of [...place.children]) if (!wanted.includes(child)) child.remove();
    wanted.forEach((child, index) => {
      if (place.children[index] !== child) place.insertBefore(child, place.children[index] ?? null);
    });
  }

  tellTime() {
    const zone = document.body.dataset.zone || undefined;
    const words = new Intl.DateTimeFormat("de-DE", { hour: "2-digit", minute: "2-digit", timeZone: zone }).format(now());
    for (const place of this.querySelectorAll("[data-now]")) if (place.textContent !== words) place.textContent = words;
  }

  // --- doing ------------------------------------------------------------------------------------------------------
  handleEvent(event) {
    if (event.type === "click") this.clicked(event);
    else if (event.type === "voice:played") this.send(this.dataset.behaviour, { name: "played", value: event.target.closest("[data-wamid]").dataset.wamid });
    else if (event.type === "change") this.changed(event.target);
    else if (event.type === "submit") this.submitted(event);
    else if (event.key === "Escape") {
      this.sheet("");
      if (!this.querySelector("[data-profile]").hidden) this.profile(true);
    } else if (event.target.getAttribute("role") === "tab") this.moveTab(event);
  }

  clicked(event) {
    const button = event.target.closest("button, [data-inbox]");
    if (!button || !this.contains(button)) return;
    const { do: act, jump, behaviour, decision, action, sheet } = button.dataset;
    if (act) this.act({ do: act, text: button.dataset.text, emoji: button.dataset.emoji, wamid: button.dataset.wamid, index: button.dataset.index });
    else if (jump) this.send(this.dataset.clock, { jump }, button);
    else if (behaviour && button.matches("button")) this.send(this.dataset.behaviour, { name: behaviour, value: "1" }, button);
    else if (decision) this.decide(button, decision);
    else if (sheet) this.sheet(this.querySelector(".sandbox").dataset.sheet === sheet ? "" : sheet);
    else if (button.getAttribute("role") === "tab") this.choose(button);
    else if (action) this.actions[action]?.(button);
    else if (button.matches("[data-inbox][target]")) this.openInInbox(event, button.href);
  }

  actions = {
    window: () => window.open(this.dataset.ownWindow, "tresen-practice-phone", "popup,width=430,height=860"),
    quote: (button) => this.quote(button.closest("[data-wamid]").dataset.wamid, button.dataset.words),
    unquote: () => this.quote("", ""),
    "new-customer": () => this.querySelector("[data-dialog='new-customer']").showModal(),
    profile: () => this.profile(!this.querySelector("[data-profile]").hidden),
    close: (button) => button.closest("dialog").close(),
    "stop-crowd": (button) => this.send(this.dataset.crowd, { stop: "1" }, button),
  };

  changed(field) {
    if (field.matches("[data-raw]")) {
      this.version = "";
      this.restart();
    } else if (field.matches("[data-file]") && field.files.length) {
      this.act({ do: "file", file: field.files[0] });
      field.value = "";
    } else if (field.matches("[data-failure], [data-code]")) {
      const on = this.querySelector("[data-failure]").checked;
      const value = on ? this.querySelector("[data-code]").value : "";
      this.send(this.dataset.behaviour, { name: "failure", value });
    } else if (field.matches("[data-decide]")) {
      this.decide(field, field.value);
    } else if (field.matches("input[data-behaviour]")) {
      const on = field.hasAttribute("data-off") ? !field.checked : field.checked;
      this.send(this.dataset.behaviour, { name: field.dataset.behaviour, value: on ? "1" : "0" });
    }
  }

  async submitted(event) {
    event.preventDefault();
    const form = event.target;
    if (form.dataset.form === "text") {
      const text = form.elements.text.value;
      if (text.trim() && (await this.act({ do: "text", text }))) form.reset();
      form.elements.text.focus();
    } else if (form.dataset.form === "crowd") {
      this.send(this.dataset.crowd, new FormData(form), event.submitter);
    } else if (form.dataset.form === "customer") {
      const isWindow = this.dataset.window === "1" ? "1" : null;
      const data = { name: form.elements.name.value, hidden: form.elements.hidden.checked ? "1" : null, window: isWindow };
      const answer = await this.send(this.dataset.people, data);
      if (answer) location.assign(answer.url);
    }
  }

  async act(said) {
    const data = new FormData();
    for (const [name, value] of Object.entries(said)) if (value !== undefined) data.append(name, value);
    if (this.quoted && said.do !== "press" && said.do !== "react") data.append("quoted", this.quoted);
    const done = await this.send(this.dataset.messages, data);
    if (done) {
      this.querySelector("[data-profile]").hidden = true;
      this.quote("", "");
      this.sheet("");
    }
    return done;
  }

  decide(button, decision) {
    const row = button.closest("[data-review]");
    const reason = decision === "REJECTED" ? row.querySelector("[data-reason]").value : null;
    this.send(row.dataset.review, { decision, reason }, button);
  }

  async send(url, data, button) {
    if (button) button.disabled = true;
    try {
      return (await post(url, data)) ?? true;
    } catch (error) {
      if (error.sentence) toast(error.sentence, { bad: true });
      else toastProblem(error);
      return null;
    } finally {
      if (button) button.disabled = false;
    }
  }

  quote(wamid, words) {
    this.quoted = wamid;
    const strip = this.querySelector("[data-quote]");
    strip.hidden = !wamid;
    strip.firstElementChild.textContent = words;
    if (wamid) this.querySelector("[data-form='text'] [name='text']").focus();
  }

  // What a tap on the business's name shows.
  profile(away) {
    this.querySelector("[data-profile]").hidden = away;
    this.querySelector(away ? "#business-bar" : "#business-back").focus();
  }

  // On narrow screens controls and log come up as a sheet over the phone.
  sheet(name) {
    this.querySelector(".sandbox").dataset.sheet = name;
    for (const button of this.querySelectorAll("[data-sheet][aria-expanded]")) {
      button.setAttribute("aria-expanded", String(button.dataset.sheet === name));
    }
  }

  // In a window of its own beside the inbox: show the conversation over there.
  openInInbox(event, url) {
    const inbox = window.opener;
    if (!inbox || inbox.closed) return;
    event.preventDefault();
    inbox.location.assign(url);
    inbox.focus();
  }

  moveTab(event) {
    if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const other = event.target.nextElementSibling ?? event.target.previousElementSibling;
    this.choose(other);
    other.focus();
  }

  choose(tab) {
    for (const other of tab.parentElement.children) {
      const chosen = other === tab;
      other.setAttribute("aria-selected", String(chosen));
      other.tabIndex = chosen ? 0 : -1;
      document.getElementById(other.getAttribute("aria-controls")).hidden = !chosen;
    }
  }
}

customElements.define("practice-phone", PracticePhone);
