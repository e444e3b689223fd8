// <combo-list><input role="combobox" aria-controls="x"><div role="listbox" id="x"><button role="option" data-name="Mara">…</div></combo-list>
// Filters the options while typing; arrows choose, Enter clicks, the focus stays in the field. With data-create an option
// [data-new] offers to make what was typed and is not there.

import { plain } from "../lib/fold.js";
import { activate, activeOf, stepped } from "../lib/options.js";

class ComboList extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input[role='combobox']");
    this.input.addEventListener("input", () => this.filter());
    this.input.addEventListener("keydown", (event) => this.pressed(event));
    activate(this.input, this.querySelector("[aria-selected='true']") || this.options[0], false);
    if (this.input.value) this.filter(); // typed while this was on its way
    this.input.focus({ preventScroll: true });
  }

  get options() {
    return [...this.querySelectorAll("[role='option']:not([hidden])")];
  }

  filter() {
    const wanted = plain(this.input.value);
    for (const option of this.querySelectorAll("[role='option']:not([data-new])")) {
      option.hidden = wanted !== "" && !` ${plain(option.dataset.name)}`.includes(` ${wanted}`);
    }
    for (const line of this.querySelectorAll("hr")) line.hidden = wanted !== "";
    if (this.dataset.create) this.offerNew(this.input.value.trim());
    activate(this.input, this.options[0]);
  }

  offerNew(name) {
    const option = this.querySelector("[data-new]");
    option.hidden = name === "" || this.options.some((each) => each !== option && each.dataset.name.toLowerCase() === name.toLowerCase());
    option.setAttribute("hx-vals", JSON.stringify({ do: "label", new: name }));
    option.querySelector("[data-words]").textContent = this.dataset.create.replace("%(name)s", () => name);
  }

  pressed(event) {
    if (stepped(event, this.input, this.options) || event.key !== "Enter") return;
    event.preventDefault();
    activeOf(this.input)?.click();
  }
}

customElements.define("combo-list", ComboList);
