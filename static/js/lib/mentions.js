// The menu of colleagues that an @ in a note opens. Arrows choose, Enter or Tab takes, Escape closes.

import { get } from "./http.js";
import { activate, activeOf, stepped } from "./options.js";

const AT = /(^|[\s(])@([\p{L}\p{M}'-]*)$/u;

export class MentionMenu {
  constructor(composer, field, url) {
    this.field = field;
    this.url = url;
    this.menu = composer.querySelector("#mentions");
    this.template = composer.querySelector("template[data-mention]");
    this.menu.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      this.take(event.target.closest("[role='option']"));
    });
    field.addEventListener("blur", () => this.close());
  }

  start() {
    const { selectionStart, value } = this.field;
    const space = selectionStart === 0 || /\s$/.test(value.slice(0, selectionStart)) ? "" : " ";
    this.field.setRangeText(`${space}@`, selectionStart, this.field.selectionEnd, "end");
    this.field.focus();
    this.typed();
  }

  async typed() {
    const found = AT.exec(this.field.value.slice(0, this.field.selectionStart));
    if (!found) {
      this.close();
      return;
    }
    this.people ??= get(this.url).then((answer) => answer.people).catch(() => []);
    const people = await this.people;
    const wanted = found[2].toLowerCase();
    this.word = found[2];
    this.show(people.filter((person) => person.name.toLowerCase().split(" ").some((part) => part.startsWith(wanted))).slice(0, 8));
  }

  show(people) {
    this.menu.replaceChildren(
      ...people.map((person) => {
        const option = this.template.content.firstElementChild.cloneNode(true);
        option.id = `mention-${person.id}`;
        option.dataset.name = person.name;
        option.querySelector("[data-name]").textContent = person.name;
        const face = option.querySelector(".avatar");
        face.textContent = person.initials;
        face.dataset.hue = person.hue;
        return option;
      }),
    );
    this.menu.hidden = people.length === 0;
    activate(this.field, this.menu.firstElementChild);
  }

  pressed(event) {
    if (this.menu.hidden || event.target !== this.field) return false;
    if (event.key === "Enter" || event.key === "Tab") this.take(activeOf(this.field));
    else if (event.key === "Escape") this.close();
    else if (!stepped(event, this.field, [...this.menu.children])) return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  take(option) {
    if (!option) return;
    const end = this.field.selectionStart;
    this.field.setRangeText(`@${option.dataset.name} `, end - this.word.length - 1, end, "end");
    this.close();
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  close() {
    this.menu.hidden = true;
    activate(this.field, null);
  }
}
