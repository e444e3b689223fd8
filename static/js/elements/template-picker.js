// <template-picker><dialog id="picker"></dialog></template-picker>: fetches the picker of the open conversation, narrows its
// list, fills the preview while somebody types, and sends. Sending stays off until every gap is filled.

import { mark } from "../lib/dialogs.js";
import { getHtml, post, Unreachable } from "../lib/http.js";
import { Kept, leftAt } from "../lib/kept.js";
import { placeItem } from "../lib/pending.js";
import { toastProblem } from "../lib/toast.js";
import { word } from "../lib/words.js";
import { openConversation } from "../live/thread.js";

// What is chosen is the clock on the agent's wall, and is shown as it is.
const moment = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });

class TemplatePicker extends HTMLElement {
  connectedCallback() {
    this.dialog = this.querySelector("dialog");
    this.previews = [];
    for (const name of ["click", "input", "change", "submit", "keydown"]) this.addEventListener(name, this);
    this.dialog.addEventListener("close", () => this.closed());
  }

  handleEvent(event) {
    if (event.type === "click") this.clicked(event);
    else if (event.type === "submit") this.submitted(event);
    else if (event.type === "keydown") this.pressed(event);
    else if (event.target.matches("[data-search], [data-language]")) this.narrow();
    else if (event.target.matches("[type='file']")) this.fileChosen(event.target);
    else if (event.target.matches("[data-field]")) this.filled(event.target);
  }

  async open(template = "") {
    const id = openConversation();
    if (!id || this.dialog.open || this.isOpening) return;
    this.isOpening = true;
    this.opener = document.activeElement;
    const url = `/conversations/${id}/templates/`;
    template ||= leftAt(url);
    try {
      this.dialog.innerHTML = await getHtml(url + (template && `?chosen=${template}`));
      if (openConversation() !== id) return;
      window.htmx.process(this.dialog);
      this.refill();
      this.dialog.showModal();
      document.querySelector("message-composer[data-mode='locked']")?.say(""); // what it warned of is being seen to
      const chosen = template && this.dialog.querySelector(`.pick[data-template='${template}']`);
      if (chosen) this.step("form");
      (chosen || this.dialog.querySelector("[data-search]")).focus();
      this.check();
    } catch (error) {
      toastProblem(error);
    } finally {
      this.isOpening = false;
    }
  }

  closed() {
    this.dropPreviews();
    this.dialog.replaceChildren();
    if (this.opener?.isConnected) this.opener.focus();
  }

  get form() {
    return this.dialog.querySelector("form");
  }

  get picks() {
    return [...this.dialog.querySelectorAll(".pick")];
  }

  // --- the list ----------------------------------------------------------------------------------------------------

  clicked(event) {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.category !== undefined && button.classList.contains("chip")) {
      for (const chip of this.dialog.querySelectorAll("button.chip")) chip.setAttribute("aria-pressed", String(chip === button));
      this.narrow();
    } else if (button.dataset.template) {
      this.choose(button);
    } else if (button.dataset.stepTo) {
      this.step(button.dataset.stepTo);
    }
  }

  narrow() {
    const words = this.dialog.querySelector("[data-search]").value.trim().toLowerCase();
    const category = this.dialog.querySelector("button.chip[aria-pressed='true']")?.dataset.category ?? "";
    const language = this.dialog.querySelector("[data-language]")?.value ?? "";
    for (const pick of this.picks) {
      pick.hidden =
        (category && pick.dataset.category !== category) ||
        (language && pick.dataset.language !== language) ||
        (words && !pick.dataset.words.toLowerCase().includes(words));
    }
    const unavailable = this.dialog.querySelector("[data-unavailable]");
    if (unavailable) unavailable.hidden = !this.picks.some((pick) => !pick.hidden && pick.getAttribute("aria-disabled"));
    const nothing = this.dialog.querySelector("[data-nothing]");
    nothing.hidden = this.picks.some((pick) => !pick.hidden);
    nothing.textContent = word("template.empty", { query: words });
  }

  pressed(event) {
    if (!["ArrowDown", "ArrowUp"].includes(event.key) || !event.target.matches(".pick, [data-search]")) return;
    event.preventDefault();
    const usable = this.picks.filter((pick) => !pick.hidden);
    const at = usable.indexOf(document.activeElement);
    usable[Math.min(usable.length - 1, Math.max(0, at + (event.key === "ArrowDown" ? 1 : -1)))]?.focus();
  }

  async choose(pick) {
    for (const each of this.picks) each.setAttribute("aria-selected", String(each === pick));
    try {
      const html = await getHtml(`${this.form.dataset.url}?template=${pick.dataset.template}`);
      if (pick.getAttribute("aria-selected") !== "true") return;
      const holder = document.createElement("template");
      holder.innerHTML = html;
      for (const place of holder.content.querySelectorAll("[data-place]")) {
        this.dialog.querySelector(`[data-place='${place.dataset.place}']`).replaceChildren(...place.childNodes);
      }
      window.htmx.process(this.dialog);
      this.refill();
      this.problem("");
      this.check();
      this.step("form");
    } catch (error) {
      toastProblem(error);
    }
  }

  // What was left in the form of this template.
  refill() {
    this.uid = crypto.randomUUID();
    const { template } = this.form.elements;
    if (!template) return;
    this.kept = new Kept(this.form, this.form.dataset.url + template.value);
    if (!this.kept.fill()) return;
    for (const input of this.form.querySelectorAll("[data-field]")) {
      if (input.type === "file") this.fileChosen(input);
      else if (input.value !== input.defaultValue) this.filled(input);
    }
  }

  // Phones show list and form one after the other.
  step(to) {
    this.dialog.querySelector(".picker").dataset.step = to;
    this.dialog.dataset.step = to;
    const back = this.dialog.querySelector(".dialog__head [data-step-to='list']");
    back.hidden = to === "list";
  }

  // --- filling in --------------------------------------------------------------------------------------------------

  filled(input) {
    this.uid = crypto.randomUUID();
    this.kept.save();
    const { field } = input.dataset;
    const value = input.value.trim();
    const shown = value && input.type === "datetime-local" ? moment.format(new Date(`${value}Z`)) : value;
    for (const gap of this.dialog.querySelectorAll(`[data-var='${CSS.escape(field)}']`)) {
      gap.textContent = shown || gap.dataset.label || "";
      gap.classList.toggle("var--empty", !value);
    }
    this.fault(field, input.dataset.required !== undefined && !value ? word("template.missing") : "");
    this.check();
  }

  fileChosen(input) {
    const [file] = input.files;
    const { name } = input;
    this.uid = crypto.randomUUID();
    this.kept.save();
    if (file) {
      for (const place of this.dialog.querySelectorAll(`[data-file-name='${name}']`)) place.textContent = file.name;
      const size = this.dialog.querySelector(`[data-file-size='${name}']`);
      size.textContent = new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit: "kilobyte", maximumFractionDigits: 0 }).format(Math.max(1, file.size / 1000));
      if (file.type.startsWith("image/")) {
        const preview = URL.createObjectURL(file);
        this.previews.push(preview);
        for (const image of this.dialog.querySelectorAll(`[data-thumb='${name}']`)) {
          image.src = preview;
          image.hidden = false;
        }
      }
    }
    this.fault(input.dataset.field, "");
    this.check();
  }

  dropPreviews() {
    for (const preview of this.previews.splice(0)) URL.revokeObjectURL(preview);
  }

  get missing() {
    return [...this.dialog.querySelectorAll("[data-required]")].filter((input) => !input.value.trim());
  }

  // The rate card names markets by country code; browsers know what the countries are called.
  nameRegions() {
    const names = new Intl.DisplayNames([document.documentElement.lang], { type: "region", fallback: "code" });
    for (const place of this.dialog.querySelectorAll("[data-region]")) {
      if (/^[A-Z]{2}$/.test(place.dataset.region)) place.textContent = names.of(place.dataset.region);
    }
  }

  check() {
    this.nameRegions();
    const ready = this.dialog.querySelector("[name='template']") !== null && this.missing.length === 0;
    const button = this.dialog.querySelector("[data-send]");
    if (ready) button.removeAttribute("aria-disabled");
    else button.setAttribute("aria-disabled", "true");
    return ready;
  }

  fault(field, words) {
    const place = this.dialog.querySelector(`[data-error='${CSS.escape(field)}']`);
    if (!place) return false;
    place.hidden = !words;
    place.querySelector("[data-words]").textContent = words;
    mark(this.dialog.querySelector(`[data-field='${CSS.escape(field)}']`), words);
    return true;
  }

  problem(words) {
    const place = this.dialog.querySelector("[data-problem]");
    place.hidden = !words;
    place.querySelector("[data-words]").textContent = words;
  }

  // --- sending -----------------------------------------------------------------------------------------------------

  async submitted(event) {
    event.preventDefault();
    if (!this.check()) {
      for (const input of this.missing) this.fault(input.dataset.field, word("template.missing"));
      this.step("form");
      this.missing[0]?.focus();
      return;
    }
    if (this.isSending) return;
    this.isSending = true;
    const button = this.dialog.querySelector("[data-send]");
    button.classList.add("is-busy");
    const data = new FormData(this.form);
    data.set("uid", this.uid);
    for (const { files, name } of this.form.querySelectorAll("[type='file']")) if (!files.length) data.delete(name);
    try {
      const answer = await post(this.form.action, data);
      this.kept.forget();
      this.dialog.close();
      placeItem(answer.html);
      document.querySelector("thread-scroll")?.toNewest();
    } catch (error) {
      this.refused(error);
    } finally {
      this.isSending = false;
      button.classList.remove("is-busy");
    }
  }

  refused(error) {
    const known = Object.entries(error.answer?.fields ?? {}).filter(([field, words]) => this.fault(field, words));
    if (known.length) {
      this.step("form");
      this.dialog.querySelector("[aria-invalid='true']")?.focus();
    }
    this.problem(error instanceof Unreachable ? word("composer.unreachable") : error.sentence || word("composer.not_sent"));
  }
}

customElements.define("template-picker", TemplatePicker);
