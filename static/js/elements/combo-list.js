// <combo-list><input role="combobox" aria-controls="x"><div role="listbox" id="x"><button role="option" data-name="Mara">…</div></combo-list>
// Filters the options while typing; arrows choose, Enter clicks, the focus stays in the field. With data-create an option
// [data-new] offers to make what was typed and is not there.

class ComboList extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input[role='combobox']");
    this.input.addEventListener("input", () => this.filter());
    this.input.addEventListener("keydown", (event) => this.pressed(event));
    this.activate(this.querySelector("[aria-selected='true']") || this.options[0], false);
    this.input.focus({ preventScroll: true });
  }

  get options() {
    return [...this.querySelectorAll("[role='option']:not([hidden])")];
  }

  filter() {
    const wanted = fold(this.input.value);
    for (const option of this.querySelectorAll("[role='option']:not([data-new])")) {
      const name = option.dataset.name;
      option.hidden = wanted !== "" && !fold(name).split(" ").some((part) => part.startsWith(wanted)) && !fold(name).startsWith(wanted);
    }
    for (const line of this.querySelectorAll("hr")) line.hidden = wanted !== "";
    if (this.dataset.create) this.offerNew(this.input.value.trim());
    this.activate(this.options[0]);
  }

  offerNew(name) {
    const option = this.querySelector("[data-new]");
    option.hidden = name === "" || this.options.some((each) => each !== option && each.dataset.name.toLowerCase() === name.toLowerCase());
    option.setAttribute("hx-vals", JSON.stringify({ do: "label", new: name }));
    option.querySelector("[data-words]").textContent = this.dataset.create.replace("%(name)s", () => name);
  }

  pressed(event) {
    const at = this.options.indexOf(this.active);
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.activate(this.options[(at + step + this.options.length) % this.options.length]);
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.active?.click();
    }
  }

  activate(option, scroll = true) {
    this.active?.classList.remove("is-active");
    this.active = option || null;
    this.active?.classList.add("is-active");
    if (scroll) this.active?.scrollIntoView({ block: "nearest" });
    if (this.active) this.input.setAttribute("aria-activedescendant", this.active.id);
    else this.input.removeAttribute("aria-activedescendant");
  }
}

function fold(text) {
  return text.trim().toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");
}

customElements.define("combo-list", ComboList);
