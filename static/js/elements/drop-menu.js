// <drop-menu data-key="A"><button aria-haspopup="menu" aria-expanded="false">…</button><div class="menu" hidden>…</div></drop-menu>
// Opens the menu below its button (a second button carries data-menu), closes it on Escape, outside clicks and choices,
// moves with the arrow keys and gives the focus back; a choice with data-stays puts more into it. The menu gets the event "menu:open", by which htmx may fill it.

import { isTyped } from "../lib/typed.js";

const ITEMS = ".menu__item:not([hidden]):not([aria-disabled='true'])";

class DropMenu extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", this);
    this.addEventListener("keydown", this);
    this.addEventListener("htmx:afterSwap", this);
    this.addEventListener("htmx:afterRequest", this);
  }

  disconnectedCallback() {
    document.removeEventListener("pointerdown", this.outside, true);
  }

  get button() {
    return this.querySelector("button[data-menu]") || this.querySelector("button[aria-haspopup]");
  }

  get menu() {
    return this.querySelector(":scope > .menu");
  }

  handleEvent(event) {
    if (event.type === "click") this.clicked(event);
    else if (event.type === "keydown") this.pressed(event);
    else if (event.type === "htmx:afterRequest") event.detail.successful && event.target.matches(".menu__ask, .menu__form, [data-last]") && this.done();
    else if (this.menu?.contains(event.target)) this.focusFirst();
  }

  outside = (event) => {
    if (!this.contains(event.target)) this.close(false);
  };

  open() {
    if (!this.menu.hidden) return;
    for (const other of document.querySelectorAll("drop-menu")) if (other !== this) other.close(false);
    this.menu.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    document.addEventListener("pointerdown", this.outside, true);
    if (!isTyped(this.menu)) this.menu.dispatchEvent(new CustomEvent("menu:open"));
    this.keepInside();
    this.focusFirst();
  }

  close(giveFocusBack = true) {
    if (!this.menu || this.menu.hidden) return;
    const inside = this.menu.contains(document.activeElement);
    this.menu.hidden = true;
    // What was fetched is fetched anew the next time: who is here and how full they are changes all the time. Words that
    // somebody has typed there wait for them.
    if (this.menu.hasAttribute("hx-get") && !isTyped(this.menu)) this.menu.replaceChildren();
    this.button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", this.outside, true);
    if (giveFocusBack && (inside || document.activeElement === document.body)) this.button.focus();
  }

  done() {
    for (const form of this.menu.querySelectorAll("form")) form.reset();
    if (this.menu.hasAttribute("hx-get")) this.menu.replaceChildren();
    this.close();
  }

  clicked(event) {
    if (event.target.closest("button[aria-haspopup]") === this.button) {
      if (this.menu.hidden) this.open();
      else this.close();
    } else if (event.target.closest(".menu__item:not([data-stays])") && !event.target.closest(".menu label, .menu form:not([method])")) {
      // After the click has done its work, so that htmx still finds the element in place.
      setTimeout(() => this.close(), 0);
    }
  }

  pressed(event) {
    if (this.menu.hidden) {
      if (event.key === "ArrowDown" && event.target === this.button) {
        event.preventDefault();
        this.open();
      }
      return;
    }
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    } else if (event.key === "Tab") {
      // One with a field is walked through; leaving it closes it, as Tab closes any other at once.
      if (!this.menu.querySelector("input, textarea")) this.close(false);
      else setTimeout(() => this.menu.contains(document.activeElement) || this.close(false), 0);
    } else if (["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key) && !event.target.matches("input, textarea")) {
      event.preventDefault();
      this.move(event.key);
    }
  }

  move(key) {
    const items = [...this.menu.querySelectorAll(ITEMS)];
    if (!items.length) return;
    const at = items.indexOf(document.activeElement);
    const next = { ArrowDown: (at + 1) % items.length, ArrowUp: (at - 1 + items.length) % items.length, Home: 0, End: items.length - 1 };
    items[next[key]].focus();
  }

  focusFirst() {
    const first = this.menu.querySelector("[autofocus]") || this.menu.querySelector(`[aria-checked='true'], ${ITEMS}`);
    first?.focus({ preventScroll: true });
    if (this.closest(".pane__scroll")) this.menu.scrollIntoView({ block: "nearest" }); // there is more of it below
  }

  keepInside() {
    this.menu.classList.remove("menu--shift");
    const { left, right } = this.menu.getBoundingClientRect();
    if (left < 0 || right > document.documentElement.clientWidth) this.menu.classList.add("menu--shift");
  }
}

customElements.define("drop-menu", DropMenu);
