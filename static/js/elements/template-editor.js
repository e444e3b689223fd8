// <template-editor>: around the form of a template. Marks and variables go in at the caret; what the lint found leads to its field.

import { insert, wrap } from "../lib/insert.js";

class TemplateEditor extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => this.clicked(event));
    history.replaceState(history.state, ""); // a reload after a refused submission asks anew, rather than post what was typed then once more
  }

  clicked(event) {
    const button = event.target.closest("[data-mark], [data-variable]");
    const link = event.target.closest(".checks a");
    if (button?.dataset.mark) wrap(this.body, button.dataset.mark);
    else if (button) this.addVariable();
    else if (link) {
      event.preventDefault();
      this.querySelector(`#${CSS.escape(link.hash.slice(1))}`)?.focus();
    }
  }

  get body() {
    return this.querySelector("[name=body]");
  }

  addVariable() {
    const names = [...this.body.value.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name);
    const isNamed = names.some((name) => !/^\d+$/.test(name));
    insert(this.body, `{{${isNamed ? "name" : Math.max(0, ...names) + 1}}}`);
  }
}

customElements.define("template-editor", TemplateEditor);
