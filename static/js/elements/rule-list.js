// <rule-list hx-target hx-swap><ol><li draggable="true" data-place="url">…</li></ol></rule-list>
// Rules are dragged to their places; the server answers with the list as it is then. The buttons do the same.

import { ajax } from "../lib/http.js";

class RuleList extends HTMLElement {
  connectedCallback() {
    for (const type of ["dragstart", "dragover", "drop", "dragend", "htmx:afterRequest"]) this.addEventListener(type, this);
  }

  handleEvent(event) {
    const over = event.target.closest?.(".rule");
    if (event.type === "dragstart" && over?.draggable) {
      this.dragged = over;
      this.behind = over.nextElementSibling;
      event.dataTransfer.effectAllowed = "move";
      over.classList.add("is-dragged");
    } else if (event.type === "htmx:afterRequest") {
      if (event.target === this && event.detail.xhr.status !== 200) this.back?.(); // it may not go there
      this.back = null;
    } else if (!this.dragged) return;
    else if (event.type === "dragover") {
      event.preventDefault();
      if (over && over !== this.dragged) over[over.compareDocumentPosition(this.dragged) & Node.DOCUMENT_POSITION_FOLLOWING ? "before" : "after"](this.dragged);
    } else if (event.type === "drop") {
      event.preventDefault();
      const { dragged, behind } = this;
      this.back = () => dragged.parentElement?.insertBefore(dragged, behind);
      this.behind = undefined;
      const to = [...this.dragged.parentElement.children].indexOf(this.dragged);
      ajax("POST", this.dragged.dataset.place, { source: this, target: this, swap: "outerHTML", values: { to } });
    } else if (event.type === "dragend") {
      this.dragged.classList.remove("is-dragged");
      if (this.behind !== undefined) this.dragged.parentElement?.insertBefore(this.dragged, this.behind); // let go elsewhere
      this.dragged = null;
    }
  }
}

customElements.define("rule-list", RuleList);
