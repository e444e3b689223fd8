// <connection-pill hidden><span data-icon="connecting">…<span data-icon="offline">…<span data-icon="open">…<span data-words>
// Appears only when the connection has been away for 2 s, and says for 2 s that it is back; of a first one nobody need hear.

import { connectionState } from "../socket.js";
import { word } from "../lib/words.js";

const PATIENCE = 2_000;

class ConnectionPill extends HTMLElement {
  connectedCallback() {
    this.changed = () => this.show(connectionState());
    document.addEventListener("tresen:state", this.changed);
    this.changed();
  }

  disconnectedCallback() {
    document.removeEventListener("tresen:state", this.changed);
    clearTimeout(this.timer);
  }

  show(state) {
    clearTimeout(this.timer);
    if (state === "open") {
      const isFirst = !this.wasOpen;
      this.wasOpen = true;
      if (isFirst) this.hidden = true;
      if (this.hidden) return;
      this.say("open", "connection.back");
      this.timer = setTimeout(() => (this.hidden = true), PATIENCE);
    } else if (state) {
      const key = state === "offline" ? "connection.offline" : this.wasOpen ? "connection.connecting" : "connection.first";
      if (this.hidden) this.timer = setTimeout(() => this.say(state, key), PATIENCE);
      else this.say(state, key);
    }
  }

  say(state, key) {
    this.classList.toggle("connection--bad", state === "offline");
    for (const icon of this.querySelectorAll("[data-icon]")) icon.hidden = icon.dataset.icon !== state;
    this.querySelector("[data-words]").textContent = word(key);
    this.hidden = false;
  }
}

if (!customElements.get("connection-pill")) customElements.define("connection-pill", ConnectionPill);
