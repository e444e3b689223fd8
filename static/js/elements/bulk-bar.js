// <bulk-bar hidden><form><input name="rows"><input data-all><span data-count>…</form></bulk-bar> inside <inbox-list>
// Which rows are selected, and the bar that does something to all of them. A row is chosen by its checkbox, by X, as far
// as a Shift-click or Shift+J/K reaches, or with all that are loaded. Rows may be replaced or leave at any time.

import { word, write } from "../lib/words.js";

class BulkBar extends HTMLElement {
  selected = new Set();
  anchor = null;

  connectedCallback() {
    this.list = this.closest("inbox-list");
    this.list.addEventListener("change", this);
    this.list.addEventListener("click", this, true);
    document.addEventListener("bulk:done", this);
    this.watcher = new MutationObserver(() => this.selected.size && this.show());
    this.watcher.observe(this.list.querySelector("#rows"), { childList: true });
  }

  disconnectedCallback() {
    document.removeEventListener("bulk:done", this);
    this.watcher.disconnect();
  }

  get rows() {
    return [...this.list.querySelectorAll("#rows > .row")];
  }

  handleEvent(event) {
    const { type, target } = event;
    if (type === "bulk:done") this.choose(event.detail.left.map((id) => `row-${id}`));
    else if (type === "change" && target.matches("[data-all]")) this.choose(target.checked ? this.rows.map((row) => row.id) : []);
    else if (type === "click") this.clicked(event);
  }

  clicked(event) {
    const row = event.target.closest(".row");
    if (event.target.closest("[data-clear]")) return this.choose([]);
    if (!row) return;
    if (event.shiftKey) {
      event.preventDefault();
      event.stopPropagation();
      this.reach(row);
    } else if (event.target.matches(".row__check")) {
      this.toggle(row);
    }
  }

  toggle(row = this.here()) {
    if (!row) return;
    if (!this.selected.delete(row.id)) this.selected.add(row.id);
    this.anchor = row.id;
    this.show();
  }

  // From the row chosen last to this one.
  reach(row) {
    const rows = this.rows;
    const from = rows.findIndex((each) => each.id === this.anchor);
    const to = rows.indexOf(row);
    for (const each of rows.slice(Math.min(from < 0 ? to : from, to), Math.max(from, to) + 1)) this.selected.add(each.id);
    this.anchor = row.id;
    this.show();
  }

  extend(direction) {
    const rows = this.rows;
    const next = rows[rows.indexOf(this.here()) + direction];
    if (this.here()) this.selected.add(this.here().id);
    if (next) this.reach(next);
    next?.querySelector(".row__link").focus();
  }

  choose(ids) {
    this.selected = new Set(ids);
    this.show();
  }

  here() {
    return document.activeElement?.closest("#rows > .row") ?? this.list.querySelector(".row.is-current") ?? this.rows[0];
  }

  show() {
    const rows = this.rows;
    const chosen = rows.filter((row) => this.selected.has(row.id));
    this.selected = new Set(chosen.map((row) => row.id));
    for (const row of rows) {
      const is = this.selected.has(row.id);
      row.classList.toggle("is-selected", is);
      row.querySelector(".row__check").checked = is;
    }
    const leaves = chosen.length === 0 && this.contains(document.activeElement);
    this.hidden = chosen.length === 0;
    if (leaves) (rows.find((row) => row.id === this.anchor) ?? this.here())?.querySelector(".row__link").focus({ preventScroll: true });
    if (!this.hidden) import("./combo-list.js").catch(() => {}); // for its menus
    this.list.toggleAttribute("data-selecting", chosen.length > 0);
    this.querySelector("[name='rows']").value = chosen.map((row) => `${row.dataset.conversation}:${row.dataset.inbound}`).join(",");
    const all = this.querySelector("[data-all]");
    all.checked = chosen.length === rows.length;
    all.indeterminate = !all.checked;
    all.closest("label").dataset.number = chosen.length;
    write(this.querySelector("[data-count]"), word("list.selected", { count: chosen.length }));
  }
}

customElements.define("bulk-bar", BulkBar);
