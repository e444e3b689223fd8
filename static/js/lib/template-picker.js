// The picker of templates for the open conversation (templates/inbox/templates): narrows its list, fills the preview while
// somebody types, and sends. Loaded on first use. Sending stays off until every gap is filled.

import { ask, deliver, fault } from "./dialogs.js";
import { getHtml } from "./http.js";
import { Kept, leftAt } from "./kept.js";
import { placeItem } from "./pending.js";
import { toastProblem } from "./toast.js";
import { say, word } from "./words.js";
import { elementsFrom, openConversation } from "../live/parts.js";

const { lang } = document.documentElement;
// What is chosen is the clock on the agent's wall, and is shown as it is.
const moment = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });
const kilobytes = new Intl.NumberFormat(lang, { style: "unit", unit: "kilobyte", maximumFractionDigits: 0 });
// The rate card names markets by country code; browsers know what the countries are called.
const regions = new Intl.DisplayNames([lang], { type: "region", fallback: "code" });

export async function open(template = "") {
  const id = openConversation();
  if (!id) return;
  const url = `/conversations/${id}/templates/`;
  const wanted = template || leftAt(url);
  const dialog = await ask(url + (wanted && `?chosen=${wanted}`));
  if (openConversation() === id) new Picker(dialog, wanted);
}

class Picker {
  constructor(dialog, template) {
    Object.assign(this, { dialog, form: dialog.querySelector("form") });
    for (const name of ["click", "input", "change", "submit", "keydown"]) dialog.addEventListener(name, this);
    this.refill();
    dialog.showModal();
    document.querySelector("message-composer[data-mode='locked']")?.say(""); // what it warned of is being seen to
    const chosen = template && dialog.querySelector(`.pick[data-template='${template}']`);
    if (chosen) this.step("form");
    (chosen || dialog.querySelector("[data-search]")).focus();
    this.check();
  }

  handleEvent(event) {
    if (event.type === "click") this.clicked(event);
    else if (event.type === "submit") this.submitted(event);
    else if (event.type === "keydown") this.pressed(event);
    else if (event.target.matches("[data-search], [data-language]")) this.narrow();
    else if (event.target.matches("[type='file']")) this.fileChosen(event.target);
    else if (event.target.matches("[data-field]")) this.filled(event.target);
  }

  get picks() {
    return [...this.dialog.querySelectorAll(".pick")];
  }

  // --- the list ----------------------------------------------------------------------------------------------------

  clicked(event) {
    const button = event.target.closest("button");
    if (button?.matches(".chip")) {
      for (const chip of this.dialog.querySelectorAll("button.chip")) chip.setAttribute("aria-pressed", String(chip === button));
      this.narrow();
    } else if (button?.dataset.template) {
      this.choose(button);
    } else if (button?.dataset.stepTo) {
      this.step(button.dataset.stepTo);
    }
  }

  narrow() {
    const words = this.dialog.querySelector("[data-search]").value.trim().toLowerCase();
    const { category } = this.dialog.querySelector("button.chip[aria-pressed='true']").dataset;
    const language = this.dialog.querySelector("[data-language]")?.value;
    for (const pick of this.picks) {
      pick.hidden =
        (category && pick.dataset.category !== category) ||
        (language && pick.dataset.language !== language) ||
        !pick.dataset.words.toLowerCase().includes(words);
    }
    const shown = this.picks.filter((pick) => !pick.hidden);
    const unavailable = this.dialog.querySelector("[data-unavailable]");
    if (unavailable) unavailable.hidden = !shown.some((pick) => pick.ariaDisabled);
    const nothing = this.dialog.querySelector("[data-nothing]");
    nothing.hidden = shown.length > 0;
    nothing.textContent = word("template.empty", { query: words });
  }

  pressed(event) {
    const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!way || !event.target.matches(".pick, [data-search]")) return;
    event.preventDefault();
    const usable = this.picks.filter((pick) => !pick.hidden);
    usable[Math.min(usable.length - 1, Math.max(0, usable.indexOf(document.activeElement) + way))]?.focus();
  }

  async choose(pick) {
    for (const each of this.picks) each.setAttribute("aria-selected", String(each === pick));
    try {
      const html = await getHtml(`${this.form.dataset.url}?template=${pick.dataset.template}`);
      if (pick.ariaSelected !== "true") return;
      for (const place of elementsFrom(html)) {
        this.dialog.querySelector(`[data-place='${place.dataset.place}']`).replaceChildren(...place.childNodes);
      }
      window.htmx.process(this.dialog);
      this.refill();
      say(this.dialog.querySelector("[data-problem]"), "");
      this.check();
      this.step("form");
    } catch (error) {
      toastProblem(error);
    }
  }

  // What was left in the form of this template.
  refill() {
    const { template } = this.form.elements;
    if (!template) return;
    this.kept = new Kept(this.form, this.form.dataset.url + template.value);
    if (!this.kept.fill()) return;
    for (const input of this.form.querySelectorAll("[data-field]")) {
      if (input.type === "file") this.fileChosen(input);
      else if (input.value !== input.defaultValue) this.filled(input);
    }
  }

  // Phones show list and form one after the other, and the focus goes along.
  step(to) {
    for (const part of [this.dialog, this.dialog.querySelector(".picker")]) part.dataset.step = to;
    const back = this.dialog.querySelector(".dialog__head [data-step-to='list']");
    back.hidden = to === "list";
    const focused = document.activeElement;
    if (focused.closest("dialog") && focused.checkVisibility()) return;
    (to === "form" ? back : this.picks.find((pick) => pick.ariaSelected === "true"))?.focus();
  }

  // --- filling in --------------------------------------------------------------------------------------------------

  filled(input) {
    this.kept.save();
    const { field } = input.dataset;
    const value = input.value.trim();
    const shown = value && input.type === "datetime-local" ? moment.format(new Date(`${value}Z`)) : value;
    for (const gap of this.dialog.querySelectorAll(`[data-var='${CSS.escape(field)}']`)) {
      gap.textContent = shown || gap.dataset.label || "";
      gap.classList.toggle("var--empty", !value);
    }
    fault(this.dialog, field, input.dataset.required !== undefined && !value ? word("template.missing") : "");
    this.check();
  }

  fileChosen({ files: [file], name, dataset }) {
    this.kept.save();
    if (file) {
      for (const place of this.dialog.querySelectorAll(`[data-file-name='${name}']`)) place.textContent = file.name;
      this.dialog.querySelector(`[data-file-size='${name}']`).textContent = kilobytes.format(Math.max(1, file.size / 1000));
      if (file.type.startsWith("image/")) {
        const src = URL.createObjectURL(file);
        for (const image of this.dialog.querySelectorAll(`[data-thumb='${name}']`)) Object.assign(image, { src, hidden: false });
      }
    }
    fault(this.dialog, dataset.field, "");
    this.check();
  }

  get missing() {
    return [...this.dialog.querySelectorAll("[data-required]")].filter((input) => !input.value.trim());
  }

  check() {
    for (const place of this.dialog.querySelectorAll("[data-region]")) {
      if (/^[A-Z]{2}$/.test(place.dataset.region)) place.textContent = regions.of(place.dataset.region);
    }
    const ready = this.dialog.querySelector("[name='template']") !== null && this.missing.length === 0;
    const button = this.dialog.querySelector("[data-send]");
    if (ready) button.removeAttribute("aria-disabled");
    else button.setAttribute("aria-disabled", "true");
    return ready;
  }

  // --- sending -----------------------------------------------------------------------------------------------------

  async submitted(event) {
    event.preventDefault();
    if (!this.check()) {
      for (const input of this.missing) fault(this.dialog, input.dataset.field, word("template.missing"));
      this.step("form");
      this.missing[0]?.focus();
      return;
    }
    const data = new FormData(this.form);
    data.set("uid", this.kept.uid);
    for (const { files, name } of this.form.querySelectorAll("[type='file']")) if (!files.length) data.delete(name);
    const answer = await deliver(this.dialog, data, (error) => void (error.answer?.fields && this.step("form")));
    if (!answer) return;
    this.kept.forget();
    this.dialog.close();
    placeItem(answer.html);
    document.querySelector("thread-scroll")?.toNewest();
  }
}
