// The menu of saved replies above the composer: <div class="menu slash" data-replies="…/replies/" hidden></div>, filled by
// the server. A "/" at the beginning of a line or the button opens it, typing narrows it, arrows choose, Enter or Tab takes,
// Escape closes. The focus stays in the text all the time.

import { fold, plain } from "./fold.js";
import { getHtml, post } from "./http.js";
import { insert } from "./insert.js";
import { activate, activeOf, stepped } from "./options.js";
import { toastProblem } from "./toast.js";

const LONGEST = 60;
const FRESH = 60_000;
const GAP = /\{\{[^{}\n]+\}\}/;

let active = null; // { field, menu, start, skip }: the text from `start` to the caret is the search, without `skip` letters
let dismissed = -1; // where a slash stands whose menu was closed by Escape

document.addEventListener("input", ({ target }) => target.matches?.("[data-text='reply']") && typed(target));
document.addEventListener("keydown", pressed, true);
document.addEventListener("focusout", ({ target }) => target === active?.field && close());

export function open(button) {
  const field = button.form.querySelector("[data-text='reply']");
  field.focus();
  show({ field, start: field.selectionStart, skip: 0 });
}

export function typed(field) {
  const caret = field.selectionStart;
  const start = active && !active.skip ? active.start : field.value.lastIndexOf("\n", caret - 1) + 1;
  const token = field.value.slice(start, caret);
  const isOurs = caret >= start && token.length <= LONGEST && !token.includes("\n");
  if (active && !active.skip && isOurs) return narrow();
  if (!isOurs || !token.startsWith("/")) {
    dismissed = -1;
    return close();
  }
  if (start !== dismissed) show({ field, start, skip: 1 });
}

async function show(wanted) {
  const menu = wanted.field.form.querySelector("[data-replies]");
  active = { ...wanted, menu };
  if (Date.now() - (menu.fetchedAt ?? 0) > FRESH) {
    menu.fetchedAt = Date.now();
    menu.loading = getHtml(menu.dataset.replies).then((html) => {
      menu.innerHTML = html;
      menu.all = [...menu.querySelectorAll("[role='option']")];
      for (const option of menu.all) option.key = keysOf(`${option.dataset.shortcut} ${option.dataset.title} ${option.dataset.text}`);
    }).catch(() => (menu.fetchedAt = 0));
    menu.addEventListener("mousedown", stay);
    menu.addEventListener("click", clicked);
  }
  await menu.loading;
  if (active?.menu === menu && menu.all) narrow();
}

const stay = (event) => event.preventDefault();
const clicked = (event) => take(event.target.closest("[role='option']"));

function narrow() {
  const { field, menu, start, skip } = active;
  if (!menu.all) return;
  const query = fold(field.value.slice(start + skip, field.selectionStart));
  const words = query.split(" ").filter(Boolean);
  const rank = ({ dataset, key }) =>
    fold(dataset.shortcut).startsWith(query) ? 0 : fold(dataset.title).startsWith(query) ? 1
    : words.every((word) => key.includes(` ${word}`)) ? 2 : 3;
  const ranked = menu.all.map((option) => [rank(option), option]).sort(([one], [other]) => one - other);
  for (const [place, option] of ranked) option.hidden = place === 3;
  menu.querySelector("[role='listbox']").append(...ranked.map(([, option]) => option));
  const first = menu.querySelector("[role='option']:not([hidden])");
  menu.querySelector("[data-nothing]").hidden = Boolean(first);
  if (!first && query.includes(" ")) return close(); // it is a sentence, no search
  menu.hidden = false;
  field.setAttribute("aria-controls", "replies");
  activate(field, first);
}

function pressed(event) {
  if (!active || event.target !== active.field || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  const options = active.menu.hidden ? [] : [...active.menu.querySelectorAll("[role='option']:not([hidden])")];
  if (event.key === "Escape") {
    dismissed = active.skip ? active.start : -1;
    close();
  } else if ((event.key === "Enter" && !event.shiftKey) || (event.key === "Tab" && !event.shiftKey && options.length)) {
    if (options.length) take(activeOf(active.field)); // while nothing fits or the list is on its way, "/ab" is not sent
  } else if (!stepped(event, active.field, options)) {
    return;
  }
  event.preventDefault();
  event.stopPropagation();
}

function take(option) {
  if (!option || !active) return;
  const { field, start } = active;
  const { text, uses } = option.dataset;
  close();
  insert(field, text, start, field.selectionStart);
  const gap = GAP.exec(text);
  if (gap) field.setSelectionRange(start + gap.index, start + gap.index + gap[0].length);
  bring(uses, field.closest("message-composer"));
}

// The server counts it, and puts its files into the composer.
async function bring(uses, composer) {
  try {
    const { files } = await post(uses);
    if (files) (await import("./files.js")).reload(composer);
  } catch (error) {
    if (error.sentence) toastProblem(error);
  }
}

function close() {
  if (!active) return;
  active.menu.hidden = true;
  activate(active.field, null);
  active.field.removeAttribute("aria-controls");
  active = null;
}

// Words are found by how they begin.
const keysOf = (text) => ` ${fold(text)} ${plain(text.replaceAll("ß", "ss"))}`.replace(/[^\p{L}\p{N}]+/gu, " ");
