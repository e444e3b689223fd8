// <practice-phone data-live data-behaviour data-version>…[data-part="chat"]…</practice-phone>
// The customer's phone. It asks the server for the next change (data-live answers when there is one) and puts the parts
// it gets into [data-part]; lists marked data-keyed keep the entries that did not change, so that sound plays on.
// While the page is visible the customer looks at the chat, which is what turns our ticks blue.

import { ajax, SignedOut } from "../lib/http.js";
import { toastProblem } from "../lib/toast.js";
import { mark } from "../lib/by-hand.js";
import { now } from "../lib/clock.js";
import { merge } from "../lib/merge.js";
import { write } from "../lib/words.js";
import { elementsFrom } from "../live/parts.js";
import "./voice-player.js";

const PAUSE = 120;
const AFTER_FAILURE = 2000;
const VALUES = ["do", "text", "emoji", "wamid", "index", "jump", "name", "value", "decision"];

class PracticePhone extends HTMLElement {
  connectedCallback() {
    this.version = this.dataset.version;
    this.parts = new Map();
    this.quoted = "";
    for (const type of ["click", "change", "keydown", "voice:played", "htmx:configRequest", "htmx:afterRequest"]) this.addEventListener(type, this);
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

  again() {
    this.version = "";
    this.restart();
  }

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
      if (place.hasAttribute("data-keyed")) {
        merge(place, elementsFrom(html), (old, fresh) => old.querySelector("details[open]") && fresh.querySelector("details")?.setAttribute("open", ""));
      } else {
        place.innerHTML = html;
        window.htmx.process(place);
      }
    }
    if (focused && document.activeElement?.id !== focused) document.getElementById(focused)?.focus({ preventScroll: true });
    this.tellTime();
  }

  tellTime() {
    const zone = document.body.dataset.zone || undefined;
    const words = new Intl.DateTimeFormat("de-DE", { hour: "2-digit", minute: "2-digit", timeZone: zone }).format(now());
    for (const place of this.querySelectorAll("[data-now]")) write(place, words);
  }

  // --- doing: htmx posts; what belongs to a button or switch stands in its data ------------------------------------------
  handleEvent(event) {
    const { type, target, detail } = event;
    if (type === "click") this.clicked(event);
    else if (type === "htmx:configRequest") this.asking(target, detail.parameters);
    else if (type === "htmx:afterRequest") detail.successful && target.dataset.do && this.said(target);
    else if (type === "change") target.matches("[data-raw]") && this.again();
    else if (type === "voice:played") {
      const values = { name: "played", value: target.closest("[data-wamid]").dataset.wamid };
      ajax("POST", this.dataset.behaviour, { source: this, swap: "none", values });
    } else if (event.key === "Escape") {
      this.sheet("");
      if (!this.querySelector("[data-profile]").hidden) this.profile(true);
    } else if (target.getAttribute("role") === "tab") this.moveTab(event);
  }

  asking(element, parameters) {
    for (const name of VALUES) if (name in element.dataset) parameters[name] = element.dataset[name];
    if (element.matches("[data-failure], [data-code]")) {
      parameters.value = this.querySelector("[data-failure]").checked ? this.querySelector("[data-code]").value : "";
    } else if (element.type === "checkbox") {
      parameters.value = element.checked === element.hasAttribute("data-off") ? "0" : "1";
    }
    const { do: act = "press" } = element.dataset;
    if (this.quoted && act !== "press" && act !== "react") parameters.quoted = this.quoted;
  }

  said(element) {
    this.querySelector("[data-profile]").hidden = true;
    this.quote("", "");
    this.sheet("");
    if (element.type === "file") element.value = "";
    if (!element.matches("form")) return;
    element.reset();
    element.elements.text.focus();
  }

  clicked(event) {
    const button = event.target.closest("button, [data-inbox]");
    if (!button) return;
    const { action, sheet } = button.dataset;
    if (sheet) this.sheet(this.querySelector(".sandbox").dataset.sheet === sheet ? "" : sheet);
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
  };

  quote(wamid, words) {
    this.quoted = wamid;
    const strip = this.querySelector("[data-quote]");
    strip.hidden = !wamid;
    strip.firstElementChild.textContent = words;
    if (wamid) this.querySelector("[name='text']").focus();
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
