// The dialogs in which a location, a contact card or a question is filled in (templates/inbox/structured). Loaded on first use.
// Fields carry data-limit and are counted in [data-count]; [data-shows=name] in the preview says what is in the field
// (data-else while it is empty); [data-add] uncovers the next [data-more], with its [data-heading] for a new section. Whether it fits, the server decides.

import { ask, deliver, fault, put, uncover } from "./dialogs.js";
import { openHeld } from "./held.js";
import { get } from "./http.js";
import { Kept } from "./kept.js";
import { placeItem } from "./pending.js";
import { word } from "./words.js";

const LOOK_AFTER = 300;

export async function open(url) {
  new Builder(await ask(url), url);
}

// What was taken back is nowhere else any more: it is kept as if it had just been filled in.
export function openAgain(html) {
  const dialog = put(html, document.querySelector("message-composer")?.field);
  new Builder(dialog, dialog.querySelector("form").getAttribute("action"), true);
}

class Builder {
  constructor(dialog, url, isTakenBack = false) {
    Object.assign(this, { dialog, form: dialog.querySelector("form") });
    this.kept = new Kept(this.form, url);
    if (isTakenBack) this.kept.begin();
    else this.kept.fill();
    for (const name of ["input", "change", "click", "submit"]) dialog.addEventListener(name, this);
    dialog.addEventListener("close", () => clearTimeout(this.looking));
    dialog.showModal();
    for (const field of this.form.querySelectorAll("[data-more] input, [data-heading] input")) if (field.value) uncover(field);
    this.form.querySelector("input, textarea").focus();
    this.show();
    this.showAdders();
    this.form.elements.text?.dispatchEvent(new Event("input", { bubbles: true })); // for its marks
    if (this.form.elements.place?.value) this.look(this.form.elements.place.value.trim());
  }

  handleEvent(event) {
    if (event.type === "submit") this.submitted(event);
    else if (event.type === "click") this.clicked(event.target.closest("[data-add]"));
    else if (event.target.matches("[data-fill]")) this.fill(event.target);
    else if (event.type === "input") this.typed(event.target);
  }

  // A section is a further answer with a heading; then the first has one, too.
  clicked(adder) {
    const next = adder && this.covered(adder)[0];
    if (!next) return;
    next.hidden = false;
    if (adder.dataset.with) for (const part of [this.form, next]) part.querySelector("[data-heading]").hidden = false;
    [...next.querySelectorAll("input")].find((field) => !field.closest("[hidden]")).focus();
    this.showAdders();
  }

  covered({ dataset }) {
    return [...this.dialog.querySelectorAll("[data-more][hidden]")].filter((part) => part.querySelector("input").name.startsWith(dataset.add));
  }

  showAdders() {
    for (const adder of this.dialog.querySelectorAll("[data-add]")) adder.hidden = !this.covered(adder).length;
  }

  // A colleague's own details.
  fill(select) {
    const { dataset } = select.selectedOptions[0];
    for (const [name, value] of Object.entries(dataset)) this.form.elements[name + (select.dataset.suffix ?? "")].value = value;
    this.kept.save();
    this.show();
  }

  typed(field) {
    this.kept.save();
    fault(this.dialog, field.name, "");
    this.show();
    if (field.name === "place") {
      clearTimeout(this.looking);
      this.looking = setTimeout(() => this.look(field.value.trim()), LOOK_AFTER);
    }
  }

  // --- what it will look like --------------------------------------------------------------------------------------

  show() {
    for (const place of this.dialog.querySelectorAll("[data-shows]")) {
      const value = this.form.elements[place.dataset.shows].value.trim();
      place.textContent = value || place.dataset.else || "";
      place.hidden = !place.textContent;
    }
    for (const choice of this.dialog.querySelectorAll(".build__choice")) choice.hidden = ![...choice.children].some((part) => !part.hidden);
    for (const counter of this.dialog.querySelectorAll("[data-count]")) {
      const field = this.form.elements[counter.dataset.count];
      const [length, limit] = [[...field.value.trim()].length, Number(field.dataset.limit)];
      counter.textContent = `${length}/${limit}`;
      counter.classList.toggle("text-bad", length > limit);
      if (length > limit) fault(this.dialog, field.name, word("composer.over", { count: length - limit }));
    }
  }

  async look(place) {
    const shown = this.dialog.querySelector("[data-point]");
    try {
      const { point } = place ? await get(`${this.form.action}?place=${encodeURIComponent(place)}`) : { point: "" };
      if (this.form.elements.place.value.trim() === place) shown.textContent = point;
    } catch {
      shown.textContent = ""; // the answer to sending says what is wrong
    }
  }

  // --- sending -----------------------------------------------------------------------------------------------------

  async submitted(event) {
    event.preventDefault();
    const composer = document.querySelector("message-composer");
    const scroller = document.querySelector("thread-scroll");
    const data = new FormData(this.form);
    data.set("uid", this.kept.uid);
    data.set("seen_seq", scroller?.seenSeq ?? "");
    if (composer?.quoted) data.set("quoted", composer.quoted.uid);
    const sent = ({ html }) => {
      composer?.quote(null);
      this.kept.forget();
      this.dialog.close();
      placeItem(html);
      scroller?.toNewest();
    };
    const answer = await deliver(this.dialog, data, ({ answer: held }) => {
      if (!held?.dialog) return false;
      sent(held);
      openHeld(held.dialog, () => ({ openAgain }));
      return true;
    });
    if (answer) sent(answer);
  }
}
