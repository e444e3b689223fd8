// Whether somebody has typed something into a form in here. What is only searched for does not count.

export function isTyped(place) {
  return [...place.querySelectorAll(":scope form :is(textarea, input:not([type='search']))")].some((field) => field.value !== field.defaultValue);
}
