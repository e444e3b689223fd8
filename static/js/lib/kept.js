// What is filled in in a dialog stays in this tab until it is sent: a slip on Escape, the cross or a reload lose nothing.
// "Cancel" throws it away. [data-kept] says that it is there again. Chosen files stay as long as this page does.

const AGENT = `kept:${document.body.dataset.agent}:`;
const files = new Map(); // key and field → what was chosen

// The rest of the name of what was left under a name that begins so.
export function leftAt(start) {
  return Object.keys(sessionStorage).find((key) => key.startsWith(AGENT + start))?.slice((AGENT + start).length) ?? "";
}

export class Kept {
  constructor(form, name) {
    Object.assign(this, { form, key: AGENT + name });
    this.begun = this.said;
    form.addEventListener("click", ({ target }) => target.closest("footer [data-close]") && this.forget());
  }

  get said() {
    return JSON.stringify([...new FormData(this.form)].filter(([, value]) => typeof value === "string"));
  }

  // What it is sent under. The same words have the same one, also in a dialog opened anew: whether they came through the
  // first time may be unknown.
  get uid() {
    const name = `uid:${this.key}`;
    const words = JSON.stringify([...new FormData(this.form)].map(([field, value]) => [field, value.name ? [value.name, value.size, value.lastModified] : value]));
    const [before, uid] = JSON.parse(sessionStorage.getItem(name) ?? "[]");
    if (before === words) return uid;
    const fresh = crypto.randomUUID();
    sessionStorage.setItem(name, JSON.stringify([words, fresh]));
    return fresh;
  }

  get choosers() {
    return this.form.querySelectorAll("[type='file']");
  }

  save() {
    for (const chooser of this.choosers) if (chooser.files.length) files.set(this.key + chooser.name, chooser.files);
    if (this.said === this.begun) sessionStorage.removeItem(this.key);
    else sessionStorage.setItem(this.key, this.said);
  }

  // Keeps what it was opened with, too.
  begin() {
    this.begun = "";
    this.save();
  }

  // Puts in what was left there; whether that is anything.
  fill() {
    const left = JSON.parse(sessionStorage.getItem(this.key) ?? "[]");
    for (const [name, value] of left) {
      const field = this.form.elements[name];
      if (!field) continue;
      const before = field.value;
      field.value = value;
      if (field.selectedIndex < 0) field.value = before; // no longer on offer
    }
    const chosen = [...this.choosers].filter((chooser) => files.has(this.key + chooser.name));
    for (const chooser of chosen) chooser.files = files.get(this.key + chooser.name);
    const isAnything = left.length + chosen.length > 0;
    this.form.querySelector("[data-kept]").hidden = !isAnything;
    return isAnything;
  }

  forget() {
    for (const name of [this.key, `uid:${this.key}`]) sessionStorage.removeItem(name);
    for (const chooser of this.choosers) files.delete(this.key + chooser.name);
  }
}
