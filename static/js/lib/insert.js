// Text at the caret, as if it had been typed. A module of its own: modules that import each other get no hashed names.

export function insert(field, text, start = field.selectionStart, end = field.selectionEnd) {
  field.setRangeText(text, start, end, "end");
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

// A mark on both sides of what is selected; of nothing, the caret stands between.
export function wrap(field, mark) {
  const { selectionStart: start, selectionEnd: end, value } = field;
  insert(field, `${mark}${value.slice(start, end)}${mark}`);
  if (start === end) field.setSelectionRange(start + mark.length, start + mark.length);
}
