// Text at the caret, as if it had been typed. A module of its own: modules that import each other get no hashed names.

export function insert(field, text, start = field.selectionStart, end = field.selectionEnd) {
  field.setRangeText(text, start, end, "end");
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
