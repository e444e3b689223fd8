// Options of a field that keeps the focus: one of them is active, and its id stands in the field's aria-activedescendant.

export const activeOf = (field) => document.getElementById(field.getAttribute("aria-activedescendant"));

export function activate(field, option, scroll = true) {
  mark(activeOf(field), false);
  mark(option, true);
  if (option) field.setAttribute("aria-activedescendant", option.id);
  else field.removeAttribute("aria-activedescendant");
  if (scroll) option?.scrollIntoView({ block: "nearest" });
}

// The arrows go round. Answers whether it was one.
export function stepped(event, field, options) {
  const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!way || !options.length) return false;
  event.preventDefault();
  activate(field, options[(options.indexOf(activeOf(field)) + way + options.length) % options.length]);
  return true;
}

// In a <combo-list> what is selected is what holds now.
function mark(option, isActive) {
  option?.classList.toggle("is-active", isActive);
  if (!option?.closest("combo-list")) option?.setAttribute("aria-selected", String(isActive));
}
