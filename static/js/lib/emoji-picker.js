// The emoji picker above the composer and in the palette of reactions: <div class="emojis" data-emojis="…json" hidden> with a
// search field, tones and a list.
// The names come once, in the reader's language, found in German and English. Arrows move, Enter and click take, Shift keeps
// it open, Escape closes; the ones used last come first.

import { fold } from "./fold.js";
import { insert } from "./insert.js";
import { word } from "./words.js";

const KEPT = 24;
const NAMES = new Map(); // address → promise of the groups

let panel = null;
let field = null; // where the focus goes back to; what is chosen goes into it, or to `chosen`
let chosen = null;

export function open(button) {
  const composer = button.closest("message-composer");
  return show(composer.querySelector("[data-emojis]"), button, composer.field);
}

// Another picker, which gives what is taken to a function.
export function show(place, button, back, choose = null) {
  if (!place.hidden) return close();
  [panel, field, chosen] = [place, back, choose];
  panel.hidden = false;
  button.setAttribute("aria-expanded", "true");
  if (!panel.list) begin(button);
  panel.search.value = "";
  panel.search.focus();
  document.addEventListener("pointerdown", outside, true);
  return names().then(draw);
}

function begin(button) {
  Object.assign(panel, { button, list: panel.querySelector("[data-list]"), search: panel.querySelector("input") });
  panel.tones = [...panel.querySelectorAll("[data-tone]")];
  panel.addEventListener("input", () => names().then(draw));
  panel.addEventListener("keydown", pressed);
  panel.addEventListener("click", ({ target, shiftKey }) => {
    const clicked = target.closest("button");
    if (clicked?.dataset.tone !== undefined) setTone(clicked.dataset.tone);
    else if (clicked) take(clicked, shiftKey);
  });
}

function fitting(words) {
  const wanted = fold(words).split(" ").filter(Boolean);
  return ([sign, , known]) => sign === words || wanted.every((each) => ` ${known}`.includes(` ${each}`));
}

function names(address = panel.dataset.emojis) {
  if (!NAMES.has(address)) {
    NAMES.set(address, fetch(address).then((answer) => answer.json()).then(({ groups }) => groups));
    NAMES.get(address).catch(() => NAMES.delete(address));
  }
  return NAMES.get(address);
}

function draw(groups) {
  const wanted = panel.search.value.trim();
  const all = groups.flatMap(([, members]) => members);
  const last = kept("recent", []).map((sign) => all.find(([one]) => one === sign)).filter(Boolean);
  const shown = wanted ? [["", all.filter(fitting(wanted)).slice(0, 160)]] : [[word("emoji.recent"), last], ...groups];
  panel.list.replaceChildren(...shown.filter(([, members]) => members.length).map(group));
  if (!panel.list.children.length) panel.list.textContent = word("emoji.none");
  const first = panel.list.querySelector("button");
  if (first) first.tabIndex = 0;
  for (const tone of panel.tones) tone.setAttribute("aria-pressed", String(tone.dataset.tone === kept("tone", "")));
}

function group([heading, members]) {
  const place = document.createElement("div");
  place.className = "emojis__group";
  place.setAttribute("role", "group");
  if (heading) {
    place.setAttribute("aria-label", heading);
    place.dataset.heading = heading;
  }
  const tone = kept("tone", "");
  place.append(...members.map(([sign, name, , takesTone]) => {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", tabIndex: -1, title: name, textContent: takesTone ? toned(sign, tone) : sign });
    button.setAttribute("aria-label", name);
    button.dataset.sign = sign;
    return button;
  }));
  return place;
}

// A tone stands right behind the first sign, in place of the mark that asks for a coloured picture.
function toned(sign, tone) {
  const [first, ...rest] = sign;
  return first + tone + rest.join("").replace(/^\uFE0F/, tone ? "" : "$&");
}

function setTone(tone) {
  keep("tone", tone);
  names().then(draw);
}

function take(button, staysOpen) {
  const { sign } = button.dataset;
  keep("recent", [sign, ...kept("recent", []).filter((each) => each !== sign)].slice(0, KEPT));
  if (chosen) return chosen(button.textContent);
  if (staysOpen) field.setRangeText(button.textContent, field.selectionStart, field.selectionEnd, "end");
  if (staysOpen) return void field.dispatchEvent(new Event("input", { bubbles: true }));
  close();
  insert(field, button.textContent);
}

function pressed(event) {
  if (event.key === "Escape") {
    event.stopPropagation();
    close();
    return field.focus();
  }
  const buttons = [...panel.list.querySelectorAll("button")];
  const at = buttons.indexOf(document.activeElement);
  if (event.key === "Enter" && event.target === panel.search) {
    event.preventDefault(); // or the form would be sent
    if (buttons[0]) take(buttons[0], event.shiftKey);
    return;
  }
  const next = at < 0 ? (event.key === "ArrowDown" ? buttons[0] : null) : neighbour(buttons, at, event.key);
  if (next === undefined || (at < 0 && !next)) return;
  event.preventDefault();
  if (!next) return panel.search.focus();
  if (at >= 0) buttons[at].tabIndex = -1;
  else for (const each of buttons) each.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

// Up and down go to what stands above and below on the screen, over the headings too; up from the first line is the search.
function neighbour(buttons, at, key) {
  if (key === "ArrowRight") return buttons[Math.min(at + 1, buttons.length - 1)];
  if (key === "ArrowLeft") return buttons[Math.max(at - 1, 0)];
  if (key === "Home") return buttons[0];
  if (key === "End") return buttons.at(-1);
  if (key !== "ArrowDown" && key !== "ArrowUp") return undefined;
  const { left, top } = buttons[at].getBoundingClientRect();
  const beyond = (key === "ArrowDown" ? buttons.slice(at + 1) : buttons.slice(0, at).reverse()).filter((each) => each.getBoundingClientRect().top !== top);
  if (!beyond.length) return key === "ArrowUp" ? null : buttons[at];
  const line = beyond[0].getBoundingClientRect().top;
  const away = (each) => Math.abs(each.getBoundingClientRect().left - left);
  return beyond.filter((each) => each.getBoundingClientRect().top === line).sort((one, other) => away(one) - away(other))[0];
}

function outside({ target }) {
  if (!panel.contains(target) && !panel.button.contains(target)) close();
}

export function close() {
  panel.hidden = true;
  panel.button.setAttribute("aria-expanded", "false");
  document.removeEventListener("pointerdown", outside, true);
}

function kept(name, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(`emoji:${name}`)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function keep(name, value) {
  localStorage.setItem(`emoji:${name}`, JSON.stringify(value));
}
